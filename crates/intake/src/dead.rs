//! What is kept of bytes that could not be read: never the text of a message.

use std::borrow::Cow;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::limits::DEAD_BYTES_MAX;

/// The bytes; of a huge message the first 256 KiB, then its length and SHA-256.
#[must_use]
pub fn kept(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() <= DEAD_BYTES_MAX {
        return bytes.to_vec();
    }
    let mut kept = bytes[..DEAD_BYTES_MAX].to_vec();
    kept.push(b'\n');
    kept.extend_from_slice(&left_out(bytes));
    kept
}

/// Stands for bytes that are not kept.
#[must_use]
pub fn left_out(bytes: &[u8]) -> Vec<u8> {
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("[{} bytes, sha256 {digest}]", bytes.len()).into_bytes()
}

/// JSON with each `text` replaced by its length; JSON that is broken and may hold one is left out.
#[must_use]
pub fn without_text(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(bytes, b"\"text\"").is_none() {
        return Cow::Borrowed(bytes);
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return Cow::Owned(left_out(bytes)) };
    hide(&mut value);
    Cow::Owned(serde_json::to_vec(&value).unwrap_or_else(|_| left_out(bytes)))
}

fn hide(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(hide),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "text" => *value = Value::from(text.chars().count()),
                    other => hide(other),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_message_is_kept() {
        let check = |bytes: &str, expected: &str| {
            let kept = without_text(bytes.as_bytes()).into_owned();
            assert!(String::from_utf8(kept).unwrap().starts_with(expected), "{bytes}");
        };
        check("{\"kind\":\"sms\",\"text\":\"your code is 1234\"}", "{\"kind\":\"sms\",\"text\":17}");
        check("[{\"text\":\"a\"},{\"text\":\"bc\"}]", "[{\"text\":1},{\"text\":2}]");
        check("{\"text\":\"your code is 1234\",", "[28 bytes, sha256 ");
        check("{\"kind\":\"sms\",", "{\"kind\":\"sms\",");
    }
}
