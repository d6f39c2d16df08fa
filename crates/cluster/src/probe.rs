//! Asks a broker how many brokers it knows, in Kafka's own protocol, in clear or inside TLS.
//!
//! A port that accepts connections says little: a broker opens it long before it answers. A Metadata request of
//! version 1 without topics is short, and understood by every broker from 0.10 to 4.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::certificates::Identity;
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_MAX};

/// Length 14, then api key 3 (Metadata), version 1, correlation id 7, client id null, no topics.
const REQUEST: [u8; 18] = [0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0];

/// Number of live brokers that the broker on this port knows; none while it does not answer.
pub fn brokers_known(port: u16) -> Option<usize> {
    ask(&mut connect(port).ok()?).ok()
}

/// The same through TLS of one version, as whoever `holder` is, or as nobody.
///
/// # Errors
/// In words: of the connection, the handshake, or the answer that did not come.
pub fn brokers_known_through_tls(
    port: u16,
    version: &'static SupportedProtocolVersion,
    ca: &std::path::Path,
    holder: Option<&Identity>,
) -> Result<usize, String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(ca).map_err(|error| words(&error))?;
    roots.add(ca).map_err(|error| words(&error))?;
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[version])
        .map_err(|error| words(&error))?
        .with_root_certificates(roots);
    let config = match holder {
        None => builder.with_no_client_auth(),
        Some(holder) => {
            let certificate = CertificateDer::from_pem_file(&holder.certificate).map_err(|error| words(&error))?;
            let key = PrivateKeyDer::from_pem_file(&holder.key).map_err(|error| words(&error))?;
            builder.with_client_auth_cert(vec![certificate], key).map_err(|error| words(&error))?
        }
    };
    let name = ServerName::IpAddress(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST).into());
    let session = ClientConnection::new(Arc::new(config), name).map_err(|error| words(&error))?;
    let socket = connect(port).map_err(|error| words(&error))?;
    ask(&mut StreamOwned::new(session, socket)).map_err(|error| words(&error))
}

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    Ok(stream)
}

fn ask(stream: &mut (impl Read + Write)) -> std::io::Result<usize> {
    let unexpected = || std::io::Error::new(std::io::ErrorKind::InvalidData, "no answer to a question for metadata");
    stream.write_all(&REQUEST)?;
    stream.flush()?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok().filter(|length| *length <= ANSWER_BYTES_MAX);
    let mut answer = vec![0; length.ok_or_else(unexpected)?];
    stream.read_exact(&mut answer)?;
    brokers_in(&answer).ok_or_else(unexpected)
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
