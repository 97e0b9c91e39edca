//! Which of the 16,384 slots of a cluster a key lives in.

/// How many slots a cluster has.
pub const SLOTS: u16 = 16_384;

/// The slot of `key`: of the part between the first `{` and the next `}` when that part is not empty, else of all.
///
/// ```
/// use carnelian_command::slot;
///
/// assert_eq!(slot::of(b"{user:1}:name"), slot::of(b"{user:1}:age"));
/// assert_eq!(slot::of(b"123456789"), 12_739);
/// ```
#[must_use]
pub fn of(key: &[u8]) -> u16 {
    crc16(hash_tag(key)) % SLOTS
}

/// The part of `key` that decides its slot.
#[must_use]
pub fn hash_tag(key: &[u8]) -> &[u8] {
    let tag = || {
        let open = key.iter().position(|&byte| byte == b'{')?;
        let behind = key.get(open + 1..)?;
        let close = behind.iter().position(|&byte| byte == b'}')?;
        behind.get(..close).filter(|tag| !tag.is_empty())
    };
    tag().unwrap_or(key)
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        let index = usize::from((crc >> 8) as u8 ^ byte);
        (crc << 8) ^ TABLE.get(index).copied().unwrap_or_default()
    })
}

const TABLE: [u16; 256] = table();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "computed while compiling, index below 256"
)]
const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_slots() {
        for (key, slot) in [("foo", 12_182), ("bar", 5_061), ("hello", 866), ("", 0)] {
            assert_eq!(of(key.as_bytes()), slot, "{key}");
        }
    }

    #[test]
    fn tags() {
        assert_eq!(hash_tag(b"{a}b"), b"a");
        assert_eq!(hash_tag(b"x{a}{b}"), b"a");
        assert_eq!(hash_tag(b"{}b"), b"{}b");
        assert_eq!(hash_tag(b"{a"), b"{a");
        assert_eq!(hash_tag(b"x{{a}}"), b"{a");
    }
}
