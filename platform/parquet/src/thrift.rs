//! Walks over Thrift's compact protocol, in which footers and page heads are written, making room for nothing.
//!
//! Invariant: every length is held against the bytes that are there, and nesting against [`DEPTH_MAX`].

use crate::error::ReadError;

/// How deep structures may lie in each other: the format needs seven.
const DEPTH_MAX: u8 = 24;
/// The types of the protocol that are walked into.
pub(crate) const I32: u8 = 5;
pub(crate) const BINARY: u8 = 8;
pub(crate) const LIST: u8 = 9;
pub(crate) const STRUCT: u8 = 12;

/// Bytes being walked over.
pub(crate) struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
}

fn broken() -> ReadError {
    ReadError::Malformed("what describes it is broken".to_owned())
}

impl<'b> Walk<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes behind.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Result<u8, ReadError> {
        let byte = *self.bytes.get(self.at).ok_or_else(broken)?;
        self.at += 1;
        Ok(byte)
    }

    fn varint(&mut self) -> Result<u64, ReadError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(broken())
    }

    /// A number with a sign.
    pub(crate) fn number(&mut self) -> Result<i64, ReadError> {
        let number = self.varint()?;
        Ok(((number >> 1) as i64) ^ -((number & 1) as i64))
    }

    /// A length; it fits what is left, one byte an element.
    fn length(&mut self) -> Result<usize, ReadError> {
        let length = usize::try_from(self.varint()?).map_err(|_| broken())?;
        if length > self.bytes.len() - self.at { Err(broken()) } else { Ok(length) }
    }

    /// The next field of a structure: its id and type; none at the end. `last` is the id before it.
    pub(crate) fn field(&mut self, last: &mut i64) -> Result<Option<(i64, u8)>, ReadError> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let id = match head >> 4 {
            0 => self.number()?,
            delta => *last + i64::from(delta),
        };
        *last = i64::from(i16::try_from(id).map_err(|_| broken())?);
        Ok(Some((id, head & 0x0f)))
    }

    /// The head of a list: the type of its elements, and how many.
    pub(crate) fn list(&mut self) -> Result<(u8, usize), ReadError> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.length()?,
            short => usize::from(short),
        };
        Ok((head & 0x0f, count))
    }

    /// Bytes of a length of their own.
    pub(crate) fn binary(&mut self) -> Result<&'b [u8], ReadError> {
        let length = self.length()?;
        self.passed(length)
    }

    fn passed(&mut self, count: usize) -> Result<&'b [u8], ReadError> {
        let end = self.at.checked_add(count).ok_or_else(broken)?;
        let passed = self.bytes.get(self.at..end).ok_or_else(broken)?;
        self.at = end;
        Ok(passed)
    }

    /// Passes over a value of a field.
    pub(crate) fn skip(&mut self, ty: u8) -> Result<(), ReadError> {
        self.skip_at(ty, DEPTH_MAX)
    }

    fn skip_at(&mut self, ty: u8, depth: u8) -> Result<(), ReadError> {
        let below = depth.checked_sub(1).ok_or_else(broken)?;
        match ty {
            // Of a field its type says whether it is true.
            1 | 2 => Ok(()),
            3 => self.passed(1).map(drop),
            4..=6 => self.varint().map(drop),
            7 => self.passed(8).map(drop),
            BINARY => self.binary().map(drop),
            LIST | 10 => {
                let (element, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(element, below))
            }
            11 => {
                let count = self.length()?;
                let types = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.skip_element(types >> 4, below)?;
                    self.skip_element(types & 0x0f, below)
                })
            }
            STRUCT => {
                let mut last = 0;
                while let Some((_, ty)) = self.field(&mut last)? {
                    self.skip_at(ty, below)?;
                }
                Ok(())
            }
            _ => Err(broken()),
        }
    }

    /// An element of a list takes a byte even where it is true or false.
    fn skip_element(&mut self, ty: u8, depth: u8) -> Result<(), ReadError> {
        if matches!(ty, 1 | 2) { self.passed(1).map(drop) } else { self.skip_at(ty, depth) }
    }
}
