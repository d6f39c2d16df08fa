//! Certificates that this process shows and those that it believes: until when they count.
//!
//! - Of a chain the first to end counts: nobody believes what comes after it. Of authorities one that ended is no harm as long as
//!   another counts: a file has the old and the new one while they are exchanged.
//! - They are looked at as they are when clients and servers read them: at the start, and a console's own when it is told to read it anew.

use std::path::{Path, PathBuf};

use lancang_record::Timestamp;
use x509_parser::pem::Pem;

use crate::config::{Cluster, Config, ConsoleFile};
use crate::metrics::{Metric, Metrics};

/// When a certificate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From here.
    pub from: Timestamp,
    /// The last second.
    pub until: Timestamp,
}

/// Why a file has no certificates.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It cannot be read.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// It has none.
    #[error("expected certificates in PEM, `-----BEGIN CERTIFICATE-----`: there is none")]
    None,
    /// The nth of it is none.
    #[error("certificate {0} of it cannot be read: {1}")]
    Malformed(usize, String),
}

/// Validity of each certificate of a PEM file, in its order; what else is in the file (a key) is passed over.
///
/// # Errors
/// [`Refused`].
pub fn read(path: &Path) -> Result<Vec<Validity>, Refused> {
    let bytes = std::fs::read(path)?;
    let mut found = Vec::new();
    for pem in Pem::iter_from_buffer(&bytes) {
        let malformed = |why: String| Refused::Malformed(found.len() + 1, why);
        let pem = pem.map_err(|error| malformed(error.to_string()))?;
        if pem.label != "CERTIFICATE" {
            continue;
        }
        let certificate = pem.parse_x509().map_err(|error| malformed(error.to_string()))?;
        let at = |time: x509_parser::time::ASN1Time| Timestamp::from_ms(time.timestamp().saturating_mul(1000));
        let validity = certificate.validity();
        found.push(Validity { from: at(validity.not_before), until: at(validity.not_after) });
    }
    if found.is_empty() { Err(Refused::None) } else { Ok(found) }
}

/// File of the certificate that is shown to a cluster's brokers.
#[must_use]
pub fn shown(cluster: &Cluster) -> Option<PathBuf> {
    cluster.options.get("ssl.certificate.location").map(PathBuf::from)
}

/// File of the authorities that brokers' certificates may be of; the system's where there is none.
#[must_use]
pub fn believed(cluster: &Cluster) -> Option<PathBuf> {
    cluster.options.get("ssl.ca.location").map(PathBuf::from)
}

/// Tells of a carrier's file until when what it shows counts.
pub fn tell(metrics: &Metrics, config: &Config) {
    tell_one(metrics, "home", shown(&config.kafka));
    tell_one(metrics, "exchange", config.exchange.as_ref().and_then(shown));
}

/// The same of a console's file.
pub fn tell_of_console(metrics: &Metrics, file: &ConsoleFile) {
    let cluster = if file.console.desk.is_some() { "home" } else { "exchange" };
    tell_one(metrics, cluster, shown(&file.consumer.exchange));
    tell_one(metrics, "web", file.console.tls.as_ref().map(|(certificate, _)| certificate.clone()));
}

/// What is wrong with a file stops the client or the server that reads it, and is told there.
pub fn tell_one(metrics: &Metrics, shown_to: &str, path: Option<PathBuf>) {
    let until = path.and_then(|path| read(&path).ok()).and_then(|found| found.iter().map(|it| it.until).min());
    if let Some(until) = until {
        metrics.set(Metric::CertificateUntil, &[shown_to], until.as_ms() as f64 / 1e3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_chain_is_read_in_its_order_and_a_key_is_passed_over() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = |from: i32, until: i32| {
            let mut of = rcgen::CertificateParams::new(vec!["kh".to_owned()]).unwrap();
            (of.not_before, of.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(until, 1, 1));
            of.self_signed(&key).unwrap().pem()
        };
        let text = format!("{}{}{}", key.serialize_pem(), made(2024, 2026), made(2025, 2031));
        let read = read(file(&text).path()).unwrap();
        let years = read.iter().map(|it| (it.from.to_string(), it.until.to_string())).collect::<Vec<_>>();
        let year = |year: i32| format!("{year}-01-01T00:00:00.000Z");
        assert_eq!(years, [(year(2024), year(2026)), (year(2025), year(2031))]);
    }

    #[test]
    fn what_is_no_certificate_is_refused_with_words() {
        let told = |text: &str| read(file(text).path()).unwrap_err().to_string();
        assert!(told("").starts_with("expected certificates in PEM"), "{}", told(""));
        assert!(
            told("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").starts_with("certificate 1 of it")
        );
        assert!(read(Path::new("/nowhere")).unwrap_err().to_string().contains("No such file"));
    }
}
