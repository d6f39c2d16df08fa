//! The console's server over a database of the tests, on loopback, open to whoever is at this machine: lists as a page asks for them,
//! one after the other over one connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use lancang_console::access::users::Users;
use lancang_console::audit::Audit;
use lancang_console::server::{Desk, Parts, Site};
use lancang_console::store::{Filter, Reads, State, Work};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::Answers;
use super::support::at;

/// A server that runs until it is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub changes: watch::Sender<u64>,
    pub runtime: Runtime,
}

impl Server {
    /// Over the database of a folder.
    pub fn of(folder: &Path) -> Self {
        let (changes, changed) = watch::channel(0);
        let site = Site::new(Parts {
            // As many connections as the program has.
            reads: Reads::open(&folder.join("c.db"), 4).unwrap(),
            desk: Desk {
                country: "VN".into(),
                writer: None,
                is_open: true,
                is_tls: false,
                session_ms: 60_000,
                connections_of_network: lancang_console::limits::CONNECTIONS_OF_NETWORK_MAX,
            },
            users: Users::open(&folder.join("users.json"), None).unwrap(),
            provider: None,
            audit: Audit::open(&folder.join("audit.log"), at(0)).unwrap(),
            acts: None,
            openers: Vec::new(),
            dossiers: None,
            home: None,
            now: || at(0),
            random: || [7; 32],
            changed,
            told: Box::new(|_| ()),
        });
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(Arc::clone(&site).serve(listener, None));
        Self { address, changes, runtime }
    }

    /// A connection to it.
    pub fn asked(&self) -> Asked {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Asked(BufReader::new(stream))
    }
}

/// A connection to a server.
pub struct Asked(BufReader<TcpStream>);

impl Asked {
    /// What a list answers.
    pub fn list(&mut self, filter: &Filter, after: Option<i64>) -> String {
        let query = query(filter, after);
        write!(self.0.get_mut(), "GET /api/v1/incidents?{query} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
        let (mut line, mut length, mut status) = (String::new(), 0, None);
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            status.get_or_insert_with(|| line.clone());
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        assert!(status.as_ref().unwrap().contains(" 200 "), "{query}: {status:?}");
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        String::from_utf8(body).unwrap()
    }
}

fn query(filter: &Filter, after: Option<i64>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut all = |name: &str, values: &[String]| values.iter().for_each(|value| _ = query.append_pair(name, value));
    all("country", &filter.countries);
    all("source", &filter.sources);
    all("pattern", &filter.patterns);
    all("state", &filter.states.iter().map(|state: &State| state.as_str().to_owned()).collect::<Vec<_>>());
    let one = |value: Option<String>| value.into_iter().collect::<Vec<_>>();
    all("severity", &one((filter.severity > 0).then(|| filter.severity.to_string())));
    let works = ["new", "investigating", "joint-operation", "referred", "disputed"];
    all(
        "work",
        &one(filter
            .work
            .and_then(|work| works.iter().find(|name| Work::parse(name) == Some(work)))
            .map(|name| (*name).to_owned())),
    );
    all("until", &one(filter.until.map(|until| until.to_string())));
    all("q", &one(filter.text.clone()));
    all("after", &one(after.map(|after| after.to_string())));
    all("limit", &["50".to_owned()]);
    query.finish()
}

/// How long lists take, asked one after the other; the server's CPU time is not this thread's.
pub fn answers(folder: &Path, kinds: impl Iterator<Item = (Filter, Option<i64>)>) -> Answers {
    let server = Server::of(folder);
    let mut asked = server.asked();
    let mut answers = Answers { wall: Vec::new(), cpu: Vec::new() };
    for (filter, after) in kinds {
        let (begun, spent) = (Instant::now(), super::cpu());
        asked.list(&filter, after);
        answers.wall.push(begun.elapsed());
        answers.cpu.push(super::cpu() - spent);
    }
    answers
}
