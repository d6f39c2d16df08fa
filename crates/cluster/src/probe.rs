//! Asks a broker how many brokers it knows, in Kafka's own protocol.
//!
//! A port that accepts connections says little: a broker opens it long before it answers. A Metadata request of
//! version 1 without topics is short, and understood by every broker from 0.10 to 4.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use crate::limits::{ANSWER_BYTES_MAX, ANSWER_MAX};

/// Length 14, then api key 3 (Metadata), version 1, correlation id 7, client id null, no topics.
const REQUEST: [u8; 18] = [0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0];

/// Number of live brokers that the broker on this port knows; none while it does not answer.
pub fn brokers_known(port: u16) -> Option<usize> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX).ok()?;
    stream.set_read_timeout(Some(ANSWER_MAX)).ok()?;
    stream.write_all(&REQUEST).ok()?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok().filter(|length| *length <= ANSWER_BYTES_MAX)?;
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).ok()?;
    brokers_in(&answer)
}

/// Correlation id, then the array of brokers, which begins with its length.
fn brokers_in(answer: &[u8]) -> Option<usize> {
    let correlation: [u8; 4] = answer.get(..4)?.try_into().ok()?;
    let count: [u8; 4] = answer.get(4..8)?.try_into().ok()?;
    if i32::from_be_bytes(correlation) != 7 {
        return None;
    }
    usize::try_from(i32::from_be_bytes(count)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_says_its_own_length() {
        let length = u32::from_be_bytes(REQUEST[..4].try_into().unwrap());
        assert_eq!(length as usize, REQUEST.len() - 4);
    }

    #[test]
    fn answers() {
        let check = |answer: &[u8], expect: Option<usize>| assert_eq!(brokers_in(answer), expect, "{answer:?}");
        check(&[0, 0, 0, 7, 0, 0, 0, 3, 1, 2], Some(3));
        check(&[0, 0, 0, 8, 0, 0, 0, 3], None);
        check(&[0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff], None);
        check(&[0, 0, 0, 7, 0, 0], None);
        check(&[], None);
    }
}
