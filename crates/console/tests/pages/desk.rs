//! The console of a carrier's own desk, on loopback: the real server and database; its home topics are made here (`tests/kafka/`
//! has them).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use lancang_alert::feedback::Fold;
use lancang_alert::incident::Incident;
use lancang_console::access::Role;
use lancang_console::access::users::Users;
use lancang_console::at_home::{Index, Place};
use lancang_console::audit::Audit;
use lancang_console::server::home::{BarList, Home, LeftOut, Line, Lines, Subscriber};
use lancang_console::server::{Desk, Parts, Site};
use lancang_console::store::{Heard, Reads, Topic, Writer};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::filled;
use crate::served::{now, password, random};

/// Names and roles; each is another name than an agency's users have.
pub const ROLES: [(&str, Role); 3] =
    [("desk-viewer", Role::Viewer), ("desk-analyst", Role::Analyst), ("desk-auditor", Role::Auditor)];
const CARRIER: &str = "//TH/chao-phraya";
/// Who is in the home lines, clear.
pub const NUMBER: &str = "+66812345678";
/// Where a line lay that the topic keeps no more.
const GONE: Place = (0, 23);

/// A console that runs until it is dropped.
pub struct DeskConsole {
    address: SocketAddr,
    _changes: watch::Sender<u64>,
    _runtime: Runtime,
    _folder: tempfile::TempDir,
}

impl DeskConsole {
    pub fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("console.sqlite");
        let (mut writer, mut fold) = (Writer::open(&database).unwrap(), Fold::default());
        let batch = writer.batch().unwrap();
        filled::fill_desk(&batch, &mut fold, now());
        batch.commit().unwrap();
        let mut users = Users::open(&folder.path().join("users.json"), Some(CARRIER)).unwrap();
        for (name, role) in ROLES {
            users.put(name, "Somchai", "TH", role, &password(name), &[1; 16]).unwrap();
        }
        let (changes, changed) = watch::channel(0);
        let site = Site::new(Parts {
            reads: Reads::open(&database, 4).unwrap(),
            desk: Desk {
                country: "TH".into(),
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
            home: Some(home()),
            now,
            random,
            changed,
            told: Box::new(|_| {}),
        });
        for topic in [Topic::Alerts, Topic::Feedback] {
            let name = topic.as_str();
            site.hear(Heard {
                name,
                topic: format!("lancang.{name}.v1"),
                next: 9,
                end: 9,
                read: Some(now()),
                answered: now().plus_ms(86_400_000),
            });
        }
        site.caught_up();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(site.serve(listener, None));
        Self { address, _changes: changes, _runtime: runtime, _folder: folder }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Home topics in which nothing is, or nothing was read yet.
pub fn empty(is_read: bool) -> Home {
    let index = Arc::new(Mutex::new(Index::default()));
    if is_read {
        index.lock().unwrap().set_read();
    }
    let lines = |_: &[Place]| Ok(Lines { lines: Vec::new(), gone: 0 });
    let bar_list = |_| Ok(BarList { csv: String::new(), listed: 0, left_out: Vec::new() });
    Home { carrier: CARRIER.into(), lines: Box::new(lines), index, bar_list: Box::new(bar_list) }
}

fn home() -> Home {
    let of = |entity_type: &str, role: &str, masked: Option<&str>, value: &str| Subscriber {
        entity_type: entity_type.into(),
        role: role.into(),
        masked: masked.map(str::to_owned),
        value: value.into(),
    };
    let named = move || {
        vec![
            of("caller", "suspect", Some("+6681•••••••"), NUMBER),
            of("sim", "used", Some("52003••••••••••"), "520031234567890"),
            of("trunk", "used", None, "tg-17"),
            of("template", "used", Some(filled::HOSTILE), filled::HOSTILE),
            of("callee", "victim", Some("+6689•••••••"), "+66891112223"),
        ]
    };
    let line = |line: &str, named| Line {
        line: line.into(),
        patterns: vec!["sim-box-burst@1".into()],
        last_event: now().to_string(),
        named,
    };
    let lines = move |places: &[Place]| {
        let kept = places.iter().filter(|place| **place != GONE);
        let line = |(partition, offset): &Place| {
            let all = if offset % 2 == 0 { named().split_off(4) } else { named() };
            line(&format!("{partition}@{offset}"), all)
        };
        Ok(Lines { lines: kept.clone().map(line).collect(), gone: places.len() - kept.count() })
    };
    let index = Arc::new(Mutex::new(Index::default()));
    for number in 0..120_u32 {
        let mut line = Incident::read(include_bytes!("../../../alert/tests/golden/incident/open.json")).unwrap();
        line.incident_id = format!("{number:032x}");
        let value = if number % 40 == 0 { NUMBER.to_owned() } else { format!("+6680000{number:04}") };
        (line.entity.entity_type, line.entity.value) = ("caller".into(), value);
        line.last_event = now().plus_ms(-60_000 * i64::from(number)).to_string();
        (line.severity, line.family) = (1 + (number % 6) as u8, "sim-box".into());
        // One has many lines.
        for offset in 0..if number == 0 { 121 } else { 1 } {
            let masked =
                Some(if number == 1 { filled::HOSTILE.to_owned() } else { "+6681•••••••".to_owned() });
            index.lock().unwrap().take((3, i64::from(number) * 1_000 + 1 + 2 * offset), &line, masked);
        }
    }
    index.lock().unwrap().set_read();
    let left_out = || LeftOut {
        incident_id: filled::incident()[..32].to_owned(),
        requester: filled::HOSTILE.into(),
        case_reference: "TH-2026-1187".into(),
        until: now().plus_ms(86_400_000).to_string(),
        subscribers: 2,
    };
    let csv = "type,value,incident_id,pattern,severity,last_event\ncaller,+66810000009,9,wangiri,3,2026-11-29T00:00:00.000Z\n";
    let bar_list = move |_| Ok(BarList { csv: csv.into(), listed: 1, left_out: vec![left_out()] });
    Home { carrier: CARRIER.into(), lines: Box::new(lines), index, bar_list: Box::new(bar_list) }
}
