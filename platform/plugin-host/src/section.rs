//! Finds the custom section in which a component says what it is.
//!
//! The component is somebody else's bytes: every length is checked, nothing is copied before it is, and nesting is
//! followed one level (component → core module), which is where `wit-component` leaves a plugin's sections.

/// The section the SDK's `export!` writes.
pub(crate) const NAME: &str = "tenon:hooks";

const MAGIC: &[u8] = b"\0asm";
const COMPONENT_LAYER: &[u8] = &[1, 0];
const CUSTOM: u8 = 0;
const CORE_MODULE: u8 = 1;

/// What the bytes are, as far as their first eight say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Component,
    CoreModule,
    Unknown,
}

/// The form of a file.
pub(crate) fn form(bytes: &[u8]) -> Form {
    match (bytes.get(..4), bytes.get(6..8)) {
        (Some(MAGIC), Some(COMPONENT_LAYER)) => Form::Component,
        (Some(MAGIC), Some(_)) => Form::CoreModule,
        _ => Form::Unknown,
    }
}

/// The contents of the section, or none where there is none (or several, or the bytes are broken).
pub(crate) fn find(component: &[u8]) -> Option<&[u8]> {
    let mut found = Vec::new();
    for (id, contents) in sections(component) {
        match id {
            CUSTOM => found.extend(named(contents)),
            CORE_MODULE => found.extend(sections(contents).filter(|(inner, _)| *inner == CUSTOM).filter_map(|(_, held)| named(held))),
            _ => {}
        }
    }
    match found.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

/// The sections after the eight bytes of the header; ends at the first that does not fit.
fn sections(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (id, after) = rest.split_first()?;
        let (length, after) = length(after)?;
        let (contents, after) = after.split_at_checked(length)?;
        rest = after;
        Some((*id, contents))
    })
}

fn named(contents: &[u8]) -> Option<&[u8]> {
    let (letters, after) = length(contents)?;
    let (name, data) = after.split_at_checked(letters)?;
    (name == NAME.as_bytes()).then_some(data)
}

/// An unsigned LEB128 number of at most 32 bits.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number: u64 = 0;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = usize::try_from(u32::try_from(number).ok()?).ok()?;
            return Some((number, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_sections(sections: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        for (id, contents) in sections {
            bytes.push(*id);
            bytes.push(u8::try_from(contents.len()).unwrap());
            bytes.extend_from_slice(contents);
        }
        bytes
    }

    #[test]
    fn the_section_is_found_in_the_module_inside() {
        let module = with_sections(&[(0, b"\x04name?"), (0, b"\x0btenon:hooks{}")]);
        assert_eq!(find(&with_sections(&[(7, b"??"), (1, &module)])), Some(b"{}".as_slice()));
        assert_eq!(find(&with_sections(&[(0, b"\x0btenon:hooks[]")])), Some(b"[]".as_slice()));
    }

    #[test]
    fn two_descriptions_are_none() {
        let section = (0, b"\x0btenon:hooks{}".as_slice());
        assert_eq!(find(&with_sections(&[section, section])), None);
    }

    #[test]
    fn broken_bytes_are_borne() {
        let module = with_sections(&[(0, b"\x0btenon:hooks{}")]);
        let whole = with_sections(&[(1, &module)]);
        for end in 0..whole.len() {
            assert_eq!(find(&whole[..end]), None, "{end}");
        }
        assert_eq!(find(&with_sections(&[(0, &[0xff; 20])])), None);
        assert_eq!(form(b""), Form::Unknown);
        assert_eq!(form(&whole), Form::Component);
        assert_eq!(form(b"\0asm\x01\0\0\0"), Form::CoreModule);
    }
}
