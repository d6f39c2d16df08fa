//! Certificates of a secured cluster: an authority of its own, and who it vouches for.
//!
//! Keys are ECDSA over P-256, files are PEM, which Kafka (`ssl.keystore.type=PEM`), librdkafka and rustls all read.
//! A principal is the subject as Kafka writes it: RFC 2253, so that the common name comes first.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};

use crate::{ClusterError, io_error};

/// Makes certificates in a folder.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: PathBuf,
    ca: PathBuf,
    issued: AtomicU32,
}

/// A certificate with its key, as files, and the authority that the other side must come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Certificate of the authority.
    pub ca: PathBuf,
    /// Certificate.
    pub certificate: PathBuf,
    /// Its private key, PKCS#8; mode 0600.
    pub key: PathBuf,
    /// What Kafka's rights call its holder: `User:CN=…,O=…,C=…`.
    pub principal: String,
}

impl Identity {
    /// Options of a client that proves to be this one, by librdkafka's names.
    #[must_use]
    pub fn options(&self) -> [(&'static str, String); 4] {
        let path = |path: &Path| path.display().to_string();
        [
            ("security.protocol", "ssl".to_owned()),
            ("ssl.ca.location", path(&self.ca)),
            ("ssl.certificate.location", path(&self.certificate)),
            ("ssl.key.location", path(&self.key)),
        ]
    }
}

impl Authority {
    /// A new authority, whose files go into `folder`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn create(folder: &Path) -> Result<Self, ClusterError> {
        let mut params = params("XX", "test", "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let ca = folder.join("authority.pem");
        write(&ca, &params.self_signed(&key)?.pem())?;
        Ok(Self { issuer: Issuer::new(params, key), folder: folder.into(), ca, issued: AtomicU32::new(0) })
    }

    /// A certificate with the subject `CN=name,O=organisation,C=country`, for both ends of a connection on loopback.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn issue(&self, country: &str, organisation: &str, name: &str) -> Result<Identity, ClusterError> {
        let mut params = params(country, organisation, name);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let path = |kind: &str| self.folder.join(format!("{number}-{name}.{kind}"));
        let identity = Identity {
            ca: self.ca.clone(),
            certificate: path("certificate.pem"),
            key: path("key.pem"),
            principal: format!("User:CN={name},O={organisation},C={country}"),
        };
        write(&identity.certificate, &certificate.pem())?;
        write(&identity.key, &key.serialize_pem())?;
        Ok(identity)
    }
}

/// Kafka's form of a key store: key, then certificate, in one file.
pub fn key_store(identity: &Identity, path: &Path) -> Result<(), ClusterError> {
    let read = |path: &Path| fs::read_to_string(path).map_err(io_error(format!("reading {}", path.display())));
    write(path, &(read(&identity.key)? + &read(&identity.certificate)?))
}

fn params(country: &str, organisation: &str, name: &str) -> CertificateParams {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, country);
    subject.push(DnType::OrganizationName, organisation);
    subject.push(DnType::CommonName, name);
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params
}

fn write(path: &Path, text: &str) -> Result<(), ClusterError> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(io_error(format!("writing {}", path.display())))
}
