//! Replies as tuples. A pair also comes out of two elements that stand side by side in a flat list.

use carnelian_resp::{Reader, Token};

use super::{DecodeError, FromReply};

/// Opens the list that a tuple of `width` parts stands in.
#[inline]
fn open(width: usize, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    match reader.token()? {
        Token::Array(count) | Token::Set(count) | Token::Push(count) if count == width => Ok(()),
        Token::Map(1) if width == 2 => Ok(()),
        Token::Array(count) => Err(DecodeError::invalid(format!(
            "a list of {count} came where a tuple of {width} was asked for"
        ))),
        other => Err(DecodeError::mismatch("a tuple", &other)),
    }
}

// One rule for every width; written as a macro since Rust has no variadic generics. It writes no API.
macro_rules! tuple {
    ($width:literal: $($part:ident)+) => {
        impl<$($part: FromReply),+> FromReply for ($($part,)+) {
            const WIDTH: usize = $width;
            const SHARES: bool = $($part::SHARES ||)+ false;
            const TEXT: bool = $($part::TEXT ||)+ false;

            #[inline]
            fn from_reply(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                open($width, reader)?;
                Self::from_flat(reader)
            }

            #[inline]
            fn from_flat(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(($($part::from_reply(reader)?,)+))
            }
        }
    };
}

tuple!(2: A B);
tuple!(3: A B C);
tuple!(4: A B C D);
tuple!(5: A B C D E);
tuple!(6: A B C D E F);
tuple!(7: A B C D E F G);
tuple!(8: A B C D E F G H);
tuple!(9: A B C D E F G H I);
tuple!(10: A B C D E F G H I J);
tuple!(11: A B C D E F G H I J K);
tuple!(12: A B C D E F G H I J K L);

#[cfg(test)]
mod tests {
    use super::super::tests::read;

    #[test]
    fn tuples() {
        assert_eq!(read::<(String, i64)>("*2\r\n+a\r\n:1\r\n"), Ok(("a".to_owned(), 1)));
        assert_eq!(read::<(i64, Vec<i64>)>("*2\r\n:0\r\n*1\r\n:1\r\n"), Ok((0, vec![1])));
        assert_eq!(
            read::<Vec<(i64, i64, i64)>>("*2\r\n*3\r\n:1\r\n:2\r\n:3\r\n*3\r\n:4\r\n:5\r\n:6\r\n"),
            Ok(vec![(1, 2, 3), (4, 5, 6)])
        );
        assert!(read::<(i64, i64)>("*3\r\n:1\r\n:2\r\n:3\r\n").is_err());
    }
}
