//! A secured cluster answers who shows a certificate of its authority and speaks TLS 1.3, and nobody else.

use std::io::{Read as _, Write as _};

use lancang_cluster::{Authority, Cluster, Tls};

#[test]
fn mutual_tls_alone() {
    let cluster = Cluster::start_secured(1).unwrap_or_else(|error| panic!("{error}"));
    let somebody = cluster.identity("KH", "mekong-mobile", "phnom-penh-1").unwrap();
    assert_eq!(somebody.principal, "User:CN=phnom-penh-1,O=mekong-mobile,C=KH");
    assert_eq!(cluster.answers(Tls::V1_3, Some(&somebody)).unwrap(), Ok(()));

    let refused = |version, holder, why: &str| {
        let error = cluster.answers(version, holder).unwrap().unwrap_err();
        assert!(error.contains(why), "{error}");
    };
    refused(Tls::V1_3, None, "Certificate");
    refused(Tls::V1_2, Some(&somebody), "ProtocolVersion");

    let folder = tempfile::tempdir().unwrap();
    let stranger = Authority::create(folder.path()).unwrap().issue("KH", "mekong-mobile", "phnom-penh-1").unwrap();
    refused(Tls::V1_3, Some(&stranger), "Certificate");

    let mut clear = std::net::TcpStream::connect(cluster.bootstrap()).unwrap();
    clear.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    clear.write_all(&[0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0]).unwrap();
    let mut answer = Vec::new();
    // The connection may end with an error: what counts is what came before it.
    let _ = clear.read_to_end(&mut answer);
    // An alert of TLS (record type 21) at most, never an answer.
    assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
}
