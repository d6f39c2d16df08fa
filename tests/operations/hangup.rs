//! `systemctl reload` sends SIGHUP, and systemd takes a process that dies of it for one that ended well: nothing starts it anew. So no
//! command that a unit runs ends by it. The brokers are away here: that is no reason to end either.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::{trial_config, trial_root};

const PASSWORD: &str = "five words of a song";
const LONG: Duration = Duration::from_secs(20);

/// A command; ended with the test.
struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    fn start(words: &[&str], log: PathBuf) -> Self {
        Self::told(words, log, None)
    }

    /// One that tells how it goes as systemd wants to be told.
    fn told(words: &[&str], log: PathBuf, socket: Option<&Path>) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_lancang"))
            .args(words)
            .envs(socket.map(|socket| ("NOTIFY_SOCKET", socket)))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn wait(&mut self, what: &str) {
        let begun = Instant::now();
        while !self.said().contains(what) {
            let ended = self.child.try_wait().unwrap();
            let signal = ended.and_then(|status| status.signal());
            assert!(signal.is_none() && begun.elapsed() < LONG, "no `{what}`; {ended:?}\n{}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn hang_up(&self) {
        kill_process(Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap(), Signal::HUP).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already where it was told that the brokers are away.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn no_command_that_goes_on_ends_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let key = place("signing.key");
    let made = ["keys", "new", "--kind", "signing", "--out", text(&key)];
    assert!(Command::new(env!("CARGO_BIN_EXE_lancang")).args(made).stdout(Stdio::null()).status().unwrap().success());
    let changes = [("127.0.0.1:9092", "127.0.0.1:9"), ("127.0.0.1:9600", "127.0.0.1:0"), ("../state", "state")];
    let service = trial_config(folder.path(), &changes);
    let root = trial_root();
    let exchange = format!("[exchange]\nbootstrap = \"127.0.0.1:9\"\n[keys]\nroots = [\"{root}\"]\n");
    let operator =
        "[[operators]]\ncountry = \"KH\"\norganisation = \"mekong-mobile\"\nnode = \"a\"\nown = [\"+85510\"]\n";
    let files = [
        (
            "courier.toml",
            format!(
                "{operator}[kafka]\nbootstrap = \"127.0.0.1:9\"\n{exchange}[courier]\n[http]\nlisten = \"127.0.0.1:0\"\n"
            ),
        ),
        (
            "console.toml",
            format!(
                "{exchange}[console]\ncountry = \"KH\"\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n"
            ),
        ),
        ("reader.toml", exchange),
    ];
    files.iter().for_each(|(name, text)| std::fs::write(place(name), text).unwrap());
    let [courier, console, reader] = files.map(|(name, _)| place(name));
    let signing = ["--signing-key-file", text(&key)];
    let read = "";
    let nothing = "nothing is read anew";
    let service = text(&service);
    // `alerts tail --listen` serves by the same `Endpoint` as the correlator; without brokers it ends before it says that it runs.
    let table: [(&[&str], &str); 7] = [
        (&["run", "--config", service], read),
        (&["intake", "--config", service], read),
        (&["score", "--config", service], read),
        (&["pack", "--config", service, "--follow"], read),
        (&["courier", "--config", text(&courier)], nothing),
        (&["console", "--config", text(&console)], nothing),
        (
            &[
                "campaigns",
                "correlate",
                "--as",
                "//KH/exchange/c",
                signing[0],
                signing[1],
                "--listen",
                "127.0.0.1:0",
                "--config",
                text(&reader),
            ],
            nothing,
        ),
    ];
    let socket = place("notify");
    let listening = UnixDatagram::bind(&socket).unwrap();
    listening.set_read_timeout(Some(LONG)).unwrap();
    for (words, expected) in table {
        let mut running = Running::told(words, place("log"), Some(&socket));
        // From then on systemd may be asked to reload it.
        let mut told = [0; 64];
        let length = listening.recv(&mut told).unwrap_or_else(|error| panic!("{words:?}: {error}\n{}", running.said()));
        assert_eq!(&told[..length], b"READY=1\n", "{words:?}");
        running.hang_up();
        if expected == nothing {
            running.wait(expected);
        } else {
            std::thread::sleep(Duration::from_millis(300));
        }
        let ended = running.child.try_wait().unwrap();
        assert!(ended.is_none_or(|status| status.signal().is_none()), "{words:?}: {ended:?}\n{}", running.said());
    }
}

/// Certificate and key in their files, as an authority renews them.
fn put(folder: &Path) -> rcgen::CertifiedKey<rcgen::KeyPair> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let write = |name: &str, text: String| options.open(folder.join(name)).unwrap().write_all(text.as_bytes()).unwrap();
    write("console.pem", made.cert.pem());
    write("console.key", made.signing_key.serialize_pem());
    made
}

/// What a server answers to somebody who believes one certificate; none if it has another one.
fn ask(address: &str, certificate: &rcgen::Certificate, request: &str) -> Option<String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connection = rustls::ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, std::net::TcpStream::connect(address).unwrap());
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer.to_lowercase())
}

/// A new certificate counts from then on, one that is none changes nothing, and whoever is signed in stays so.
#[test]
fn a_console_takes_its_new_certificate_and_signs_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let first = put(folder.path());
    let config = place("console.toml");
    let root = trial_root();
    let console = format!(
        "[exchange]\nbootstrap = \"127.0.0.1:9\"\n[keys]\nroots = [\"{root}\"]\n[console]\ncountry = \"KH\"\n\
         listen = \"127.0.0.1:0\"\ntls_certificate = \"console.pem\"\ntls_key_file = \"console.key\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n"
    );
    std::fs::write(&config, console).unwrap();
    let added = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(["console", "user", "add", "sok", "--person", "Sok Dara", "--country", "KH", "--role", "viewer"])
        .args(["--password-env", "PASSWORD", "--config", text(&config)])
        .env("PASSWORD", PASSWORD)
        .stdout(Stdio::null())
        .status();
    assert!(added.unwrap().success());
    let mut running = Running::start(&["console", "--config", text(&config)], place("log"));
    running.wait("the console is at https://");
    let said = running.said();
    let address = said.split_once("the console is at https://").unwrap().1.split_whitespace().next().unwrap();
    let body = format!("{{\"name\":\"sok\",\"password\":\"{PASSWORD}\"}}");
    let head = "host: localhost\r\norigin: https://localhost\r\nconnection: close\r\n";
    let length = body.len();
    let sign_in = format!(
        "POST /api/v1/session HTTP/1.1\r\n{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let answer = ask(address, &first.cert, &sign_in).unwrap();
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next()).unwrap();
    // A cookie's name has capitals that an answer in small letters has not.
    let cookie = cookie.replacen("__host-", "__Host-", 1);
    let session = format!("GET /api/v1/session HTTP/1.1\r\n{head}cookie: {cookie}\r\n\r\n");

    let second = put(folder.path());
    running.hang_up();
    running.wait("are read anew");
    assert_eq!(ask(address, &first.cert, &session), None);
    let answer = ask(address, &second.cert, &session).unwrap();
    assert!(answer.starts_with("http/1.1 200") && answer.contains("\"name\":\"sok\""), "{answer}");

    std::fs::write(place("console.pem"), "no certificate").unwrap();
    running.hang_up();
    running.wait("the certificate stays as it was");
    assert!(ask(address, &second.cert, &session).unwrap().contains("\"name\":\"sok\""));
}
