//! Ids that follow from what they are for, so that what is asked for twice is made once.

use sha2::{Digest, Sha256};

/// A UUID of version 8 ([RFC 9562](https://doi.org/10.17487/RFC9562)) from the parts of what it names: their order and their
/// borders count.
pub(crate) fn uuid(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut bytes: [u8; 32] = hash.finalize().into();
    bytes[6] = 0x80 | bytes[6] & 0x0f;
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    let hex: String = bytes[..16].iter().map(|b| format!("{b:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_their_version_and_variant_and_what_they_are_for() {
        for n in 0..200_u32 {
            let id = uuid(&[b"cell", &n.to_le_bytes()]);
            assert!(formats::label_store::is_uuid(&id));
            assert_eq!(id.as_bytes()[14], b'8', "{id}");
            assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
            assert_eq!(id, uuid(&[b"cell", &n.to_le_bytes()]));
            assert_ne!(id, uuid(&[b"cell", &(n + 1).to_le_bytes()]));
        }
        assert_ne!(uuid(&[b"ab", b"c"]), uuid(&[b"a", b"bc"]));
    }
}
