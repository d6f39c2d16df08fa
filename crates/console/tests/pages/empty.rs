//! Consoles that have nothing: no alert has ever come, or topics are still being read. The real server and database, on loopback.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use lancang_console::access::users::Users;
use lancang_console::audit::Audit;
use lancang_console::server::home::Home;
use lancang_console::server::{Desk, Parts, Site};
use lancang_console::store::{Heard, Reads, Topic, Views, Writer};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::joined::joined;
use crate::served::{now, password, random};
use crate::{desk, served};

/// An agency's, or a carrier's desk; it runs until it is dropped.
pub struct EmptyConsole {
    address: SocketAddr,
    site: Arc<Site>,
    writer: Writer,
    views: Views,
    _changes: watch::Sender<u64>,
    _runtime: Runtime,
    _folder: tempfile::TempDir,
}

impl EmptyConsole {
    /// One that is still reading its topics.
    pub fn begin(home: Option<Home>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("console.sqlite");
        let writer = Writer::open(&database).unwrap();
        let carrier = home.as_ref().map(|home| home.carrier.clone());
        let (country, roles) = if carrier.is_some() { ("TH", &desk::ROLES[..]) } else { ("KH", &served::ROLES[..]) };
        let mut users = Users::open(&folder.path().join("users.json"), carrier.as_deref()).unwrap();
        for (name, role) in roles {
            users.put(name, "Somchai", country, *role, &password(name), &[1; 16]).unwrap();
        }
        let reads = Reads::open(&database, 4).unwrap();
        let own = if carrier.is_some() { BTreeSet::new() } else { BTreeSet::from([country.to_owned()]) };
        let views = reads.look(|sight| joined(sight, &own)).unwrap();
        let (changes, changed) = watch::channel(0);
        let site = Site::new(Parts {
            reads,
            desk: Desk {
                country: country.into(),
                writer: None,
                is_open: false,
                is_tls: false,
                session_ms: 3_600_000,
                connections_of_network: lancang_console::limits::CONNECTIONS_OF_NETWORK_MAX,
            },
            users,
            provider: None,
            audit: Audit::open(&folder.path().join("audit.log"), now()).unwrap(),
            acts: None,
            openers: Vec::new(),
            dossiers: None,
            home,
            now,
            random,
            changed,
            told: Box::new(|_| {}),
        });
        let topic = "lancang.alerts.v1".to_owned();
        site.hear(Heard { name: "alerts", topic, next: 100, end: 812, read: None, answered: now() });
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(Arc::clone(&site).serve(listener, None));
        Self { address, site, writer, views, _changes: changes, _runtime: runtime, _folder: folder }
    }

    /// Its topics have been read, and there is nothing in them.
    pub fn read(&mut self) {
        let batch = self.writer.batch().unwrap();
        batch.joined(&mut self.views).unwrap();
        batch.commit().unwrap();
        for topic in Topic::ALL {
            let name = topic.as_str();
            self.site.hear(Heard {
                name,
                topic: format!("lancang.{name}.v1"),
                next: 812,
                end: 812,
                read: Some(now()),
                answered: now(),
            });
        }
        self.site.caught_up();
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}
