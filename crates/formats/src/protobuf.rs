//! Messages in the wire format of protocol buffers, as far as they are written here.
//!
//! # Source
//! <https://protobuf.dev/programming-guides/encoding/>

/// A message on its way: fields in the order in which they are added. Numbers of fields are those of its `.proto`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    /// A whole number, not negative where its type is unsigned.
    pub fn int(mut self, field: u32, value: i64) -> Self {
        self.key(field, 0);
        self.varint(value.cast_unsigned());
        self
    }

    /// A 32-bit float.
    pub fn float(mut self, field: u32, value: f32) -> Self {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Text or bytes.
    pub fn bytes(mut self, field: u32, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    /// A message inside.
    pub fn message(self, field: u32, value: Message) -> Self {
        self.bytes(field, value.0)
    }

    /// A message for each item.
    pub fn messages<T>(
        self,
        field: u32,
        items: impl IntoIterator<Item = T>,
        of: impl Fn(T) -> Message,
    ) -> Self {
        items.into_iter().fold(self, |message, item| message.message(field, of(item)))
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn key(&mut self, field: u32, kind: u64) {
        self.varint(u64::from(field) << 3 | kind);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the page that describes the format.
    #[test]
    fn examples_of_the_specification() {
        assert_eq!(Message::default().int(1, 150).into_bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().bytes(2, "testing").into_bytes(), b"\x12\x07testing");
        let inner = Message::default().int(1, 150);
        assert_eq!(Message::default().message(3, inner).into_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let minus_two = [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Message::default().int(1, -2).into_bytes(), minus_two);
    }
}
