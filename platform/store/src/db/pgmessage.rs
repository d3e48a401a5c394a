//! The few messages of PostgreSQL's protocol (version 3) that a transaction needs: to the server, and from it.
//!
//! Everything travels in binary form. A `Sync` ends a flight: after an error the server skips what is left of it.

use bytes::{Buf, BufMut, BytesMut};
use tokio_postgres::types::{IsNull, ToSql, Type};

use super::fault::of_postgres;
use super::{Arg, Fault, postgres};
use crate::StoreError;

/// Ends the connection in good order.
pub(crate) const TERMINATE: &[u8] = b"X\0\0\0\x04";

/// The largest message that is believed (PostgreSQL has no larger value).
const MESSAGE_MAX: usize = 0x4000_0000;

fn framed(out: &mut BytesMut, tag: u8, body: impl FnOnce(&mut BytesMut) -> Result<(), Fault>) -> Result<(), Fault> {
    out.put_u8(tag);
    measured(out, true, |out| body(out).map(|()| true))
}

/// Writes a length and then what has that length; a length of -1 where there is nothing.
fn measured(out: &mut BytesMut, is_own: bool, body: impl FnOnce(&mut BytesMut) -> Result<bool, Fault>) -> Result<(), Fault> {
    let at = out.len();
    out.put_i32(-1);
    if body(out)? {
        let length = out.len() - at - if is_own { 0 } else { 4 };
        let length = i32::try_from(length).map_err(|_| StoreError::Value("an argument is too long"))?;
        if let Some(place) = out.get_mut(at..at + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }
    Ok(())
}

fn word(out: &mut BytesMut, text: &str) {
    out.put_slice(text.as_bytes());
    out.put_u8(0);
}

fn count(number: usize) -> Result<u16, Fault> {
    u16::try_from(number).map_err(|_| StoreError::Value("too many arguments").into())
}

/// Prepares a statement under a name; the empty name is that of statements which nobody keeps.
pub(crate) fn parse(out: &mut BytesMut, name: &str, sql: &str, args: &[Arg]) -> Result<(), Fault> {
    framed(out, b'P', |out| {
        word(out, name);
        word(out, sql);
        out.put_u16(count(args.len())?);
        args.iter().for_each(|arg| out.put_u32(postgres::type_of(arg).oid()));
        Ok(())
    })
}

/// Binds a prepared statement to its arguments, and runs it.
pub(crate) fn run(out: &mut BytesMut, name: &str, args: &[Arg]) -> Result<(), Fault> {
    framed(out, b'B', |out| {
        out.put_u8(0);
        word(out, name);
        // All arguments are binary.
        out.put_slice(&[0, 1, 0, 1]);
        out.put_u16(count(args.len())?);
        for arg in args {
            measured(out, false, |out| match arg.to_sql(&Type::UNKNOWN, out) {
                Ok(null) => Ok(matches!(null, IsNull::No)),
                Err(_) => Err(StoreError::Value("an argument cannot be encoded").into()),
            })?;
        }
        // And so is every cell.
        out.put_slice(&[0, 1, 0, 1]);
        Ok(())
    })?;
    // The unnamed portal, all rows of it.
    out.put_slice(b"E\0\0\0\x09\0\0\0\0\0");
    Ok(())
}

/// Forgets a prepared statement.
pub(crate) fn close(out: &mut BytesMut, name: &str) -> Result<(), Fault> {
    framed(out, b'C', |out| {
        out.put_u8(b'S');
        word(out, name);
        Ok(())
    })
}

/// Ends a flight.
pub(crate) fn sync(out: &mut BytesMut) {
    out.put_slice(b"S\0\0\0\x04");
}

/// Runs statements without arguments: a flight of its own.
pub(crate) fn script(out: &mut BytesMut, sql: &str) -> Result<(), Fault> {
    framed(out, b'Q', |out| {
        word(out, sql);
        Ok(())
    })
}

/// A message of the server.
#[derive(Debug)]
pub(crate) enum Said {
    /// A statement is prepared.
    Parsed,
    /// A row: its cells follow each other, see [`Cells`].
    Row(BytesMut),
    /// A statement is done; how many rows it touched.
    Done(u64),
    /// A statement has failed; the rest of the flight is skipped.
    Failed(Fault),
    /// The flight is over.
    Ready,
    /// Something nobody asked for.
    Aside,
}

/// Takes the next message, if it is there as a whole.
pub(crate) fn next(from: &mut BytesMut) -> Result<Option<Said>, Fault> {
    let Some(&[tag, a, b, c, d]) = from.get(..5).and_then(|head| <&[u8; 5]>::try_from(head).ok()) else { return Ok(None) };
    let length = usize::try_from(i32::from_be_bytes([a, b, c, d])).unwrap_or_default();
    if !(4..=MESSAGE_MAX).contains(&length) {
        return Err(strange());
    }
    if from.len() <= length {
        from.reserve(length + 1 - from.len());
        return Ok(None);
    }
    from.advance(5);
    let mut body = from.split_to(length - 4);
    Ok(Some(match tag {
        b'D' if body.len() >= 2 => {
            body.advance(2);
            Said::Row(body)
        }
        b'C' => Said::Done(touched(&body)),
        // The text was empty.
        b'I' => Said::Done(0),
        b'E' => Said::Failed(fault(&body)),
        b'1' => Said::Parsed,
        b'Z' => Said::Ready,
        b'2' | b'3' | b'A' | b'n' | b'N' | b'S' | b'T' => Said::Aside,
        _ => return Err(strange()),
    }))
}

fn strange() -> Fault {
    StoreError::Unavailable("the server said something strange".to_owned()).into()
}

/// `INSERT 0 5`, `UPDATE 5`, `SELECT 5`, `COMMIT`.
fn touched(tag: &[u8]) -> u64 {
    let text = std::str::from_utf8(tag).unwrap_or_default().trim_end_matches('\0');
    text.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

fn fault(body: &[u8]) -> Fault {
    let (mut code, mut constraint, mut message) = (String::new(), None, String::new());
    for field in body.split(|byte| *byte == 0) {
        let Some((tag, text)) = field.split_first() else { continue };
        let text = String::from_utf8_lossy(text).into_owned();
        match tag {
            b'C' => code = text,
            b'n' => constraint = Some(text),
            b'M' => message = text,
            _ => {}
        }
    }
    of_postgres(&code, constraint.as_deref(), &message)
}

/// The cells of a row, one after another.
pub(crate) struct Cells<'r>(pub(crate) &'r [u8]);

impl<'r> Iterator for Cells<'r> {
    type Item = Option<&'r [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.0.split_first_chunk::<4>()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*head)) else {
            self.0 = rest;
            return Some(None);
        };
        let (cell, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Some(cell))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut all = vec![tag];
        all.extend(i32::try_from(body.len() + 4).unwrap().to_be_bytes());
        all.extend(body);
        all
    }

    #[test]
    fn a_message_is_taken_when_it_is_whole() {
        let whole = message(b'C', b"INSERT 0 5\0");
        for cut in 0..whole.len() {
            let mut part = BytesMut::from(&whole[..cut]);
            assert!(next(&mut part).unwrap().is_none(), "{cut} bytes of {}", whole.len());
            assert_eq!(part.len(), cut);
        }
        let mut two = BytesMut::from([whole, message(b'Z', b"I")].concat().as_slice());
        assert!(matches!(next(&mut two), Ok(Some(Said::Done(5)))));
        assert!(matches!(next(&mut two), Ok(Some(Said::Ready))));
        assert!(two.is_empty());
    }

    #[test]
    fn what_is_no_message_ends_the_connection() {
        for wrong in [b"C\0\0\0\0".as_slice(), b"C\xff\xff\xff\xff", b"C\x7f\xff\xff\xff", &message(b'@', b"")] {
            assert!(next(&mut BytesMut::from(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn cells_of_a_row_are_what_was_sent_and_a_torn_row_ends() {
        let cells: Vec<Option<&[u8]>> = Cells(b"\0\0\0\x02ab\xff\xff\xff\xff\0\0\0\0").collect();
        assert_eq!(cells, [Some(b"ab".as_slice()), None, Some(b"")]);
        assert_eq!(Cells(b"\0\0\0\x05ab").count(), 0);
    }

    #[test]
    fn an_error_is_read_by_its_code_and_its_constraint() {
        let body = b"SERROR\0VERROR\0C23505\0Mduplicate key\0nu_f_1\0\0";
        assert!(matches!(fault(body), Fault::Unique(name) if name == "u_f_1"));
    }

    #[test]
    fn an_argument_is_framed_by_its_length() {
        let mut out = BytesMut::new();
        run(&mut out, "s1", &[Arg::int(7), Arg::maybe(super::super::Kind::Text, None)]).unwrap();
        let bind = b"B\0\0\0\x22\0s1\0\0\x01\0\x01\0\x02\0\0\0\x08\0\0\0\0\0\0\0\x07\xff\xff\xff\xff\0\x01\0\x01";
        assert_eq!(&out[..bind.len()], bind);
        assert_eq!(&out[bind.len()..], b"E\0\0\0\x09\0\0\0\0\0");
    }
}
