//! The demo as a newcomer starts it.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lancang"));
    command.arg("demo").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env("NO_COLOR", "1");
    command
}

fn get(address: &str, path: &str) -> String {
    get_as(address, "lancang", path)
}

/// An open console answers to names of this machine alone.
fn get_as(address: &str, host: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_few_seconds_of_it() {
    let any = ["--listen", "127.0.0.1:0", "--console", "127.0.0.1:0", "--desk", "127.0.0.1:0"];
    let mut child = demo(&[&["--for", "12s", "--subscribers", "12000"], &any[..]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let greeting: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let metrics = greeting.iter().find_map(|line| line.strip_prefix("metrics  http://")).unwrap();
    let address = metrics.split('/').next().unwrap().to_owned();
    assert!(greeting.iter().any(|line| line.contains("MockCluster")));

    let first = lines.by_ref().find(|line| line.to_lowercase().contains(" open ")).unwrap();
    // Somebody goes on reading: a demo whose lines nobody takes stands still.
    let rest = std::thread::spawn(move || lines.collect::<Vec<String>>());
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"), "{first}");
    // The relay may still be reading its outbox when score opens the first incident.
    assert!((0..50).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        get(&address, "/readyz").starts_with("HTTP/1.1 200")
    }));
    // Counted once a second.
    let counted = |name: &str| {
        (0..50).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            get(&address, "/metrics").contains(name)
        })
    };
    assert!(counted("lancang_score_incidents_total"));

    // The agency's console tells what crossed the border, believed by the registry, without signing in.
    let console = greeting.iter().find_map(|line| line.strip_prefix("console  http://")).unwrap();
    let console = console.split(": ").next().unwrap();
    let mut stream = std::net::TcpStream::connect(console).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    write!(stream, "GET /api/v1/events HTTP/1.1\r\nHost: {console}\r\n\r\n").unwrap();
    let mut told = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(told.any(|line| line.starts_with("data: ") && line.contains("\"incident_id\"")));
    assert!(get_as(console, console, "/").contains("<script"));

    // A neighbour proposes to act together about what came, and waits for an answer.
    assert!((0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        get_as(console, console, "/api/v1/operations").contains("Sites at the border")
    }));

    // So does its carrier's own desk of what the carrier shared, from the home topics; numbers are masked for whoever looks.
    let desk = greeting.iter().find_map(|line| line.strip_prefix("desk     http://")).unwrap();
    let desk = desk.split(": ").next().unwrap();
    let mut stream = std::net::TcpStream::connect(desk).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    write!(stream, "GET /api/v1/events HTTP/1.1\r\nHost: {desk}\r\n\r\n").unwrap();
    let mut told = BufReader::new(stream).lines().map(Result::unwrap);
    let first = told.find(|line| line.starts_with("data: ") && line.contains("\"key\":\"")).unwrap();
    let key = first.split("\"key\":\"").nth(1).unwrap().split('"').next().unwrap();
    let named = get_as(desk, desk, &format!("/api/v1/incidents/{key}/named"));
    assert!(named.contains("\"role\":\"") && !named.contains("\"value\""), "{named}");

    let rest = rest.join().unwrap();
    assert!(child.wait().unwrap().success(), "{rest:#?}");
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(errors, "");
    let said = |text: &str| rest.iter().any(|line| line.contains(text));
    for text in ["0 not read", " shared #", "planted     smishing-burst", "0 false incidents", "p99"] {
        assert!(said(text), "no `{text}` in {rest:#?}");
    }
    let planted = rest.iter().find(|line| line.starts_with("planted     smishing-burst")).unwrap();
    assert!(planted.contains("easy 12 of 12 found"), "{planted}");
}

#[test]
fn a_taken_port_is_told_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = demo(&["--for", "5s", "--console", "127.0.0.1:0", "--desk", "127.0.0.1:0", "--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(74));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains(&address) && errors.contains("--listen"), "{errors}");
}
