//! A console that runs, as a browser has it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::carrier::LONG;

pub const PASSWORD: &str = "five words of a song";
pub struct Console {
    /// None where somebody else has started it.
    child: Option<Child>,
    address: String,
}

impl Console {
    /// One that somebody else has started, and ends.
    pub fn at(address: String) -> Self {
        Self { child: None, address }
    }

    pub fn start(config: &str, log: &std::path::Path, more: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_lancang"))
            .args([&["console", "--config", config, "--listen", "127.0.0.1:0"], more].concat())
            .stderr(std::fs::File::create(log).unwrap())
            .spawn()
            .unwrap();
        // From here on it is ended whatever happens.
        let mut console = Self { child: Some(child), address: String::new() };
        let begun = Instant::now();
        loop {
            let said = std::fs::read_to_string(log).unwrap();
            let told =
                said.split_once("the console is at http://").and_then(|(_, rest)| rest.split_whitespace().next());
            if let Some(address) = told.filter(|_| said.ends_with('\n')) {
                address.clone_into(&mut console.address);
                return console;
            }
            assert!(begun.elapsed() < LONG, "{said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (host, length) = (&self.address, body.len());
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_lowercase(), body.to_owned())
    }

    /// Headers of somebody who has signed in.
    pub fn sign_in(&self, name: &str) -> String {
        let (status, head, body) =
            self.ask("POST", "/api/v1/session", "", &json!({ "name": name, "password": PASSWORD }).to_string());
        assert_eq!(status, 200, "{body}");
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        let session: Value = serde_json::from_str(&body).unwrap();
        let (cookie, csrf) = (cookie.split(';').next().unwrap(), session["csrf"].as_str().unwrap());
        format!("cookie: {cookie}\r\nx-csrf-token: {csrf}\r\n")
    }

    pub fn get(&self, path: &str, signed: &str) -> Value {
        let (status, _, body) = self.ask("GET", path, signed, "");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    pub fn wait_until(&self, what: &str, holds: impl Fn() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < LONG, "{what} at {}", self.address);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn keys(&self, signed: &str) -> Vec<String> {
        let list = self.get("/api/v1/incidents?limit=200", signed);
        list["incidents"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect()
    }

    pub fn events(&self, position: &str, signed: &str) -> Events {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let host = &self.address;
        write!(stream, "GET /api/v1/events?position={position} HTTP/1.1\r\nhost: {host}\r\n{signed}\r\n").unwrap();
        Events { lines: BufReader::new(stream), last: position.to_owned() }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // What is gone already is as good.
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub struct Events {
    lines: BufReader<TcpStream>,
    /// Position of the newest event.
    pub last: String,
}

impl Events {
    /// The next event of this name, and its position.
    pub fn next(&mut self, wanted: &str) -> Value {
        let (mut name, mut line) = (String::new(), String::new());
        loop {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the stream has ended");
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.trim().to_owned();
            } else if let Some(id) = line.strip_prefix("id: ") {
                self.last = id.trim().to_owned();
            } else if let Some(told) = line.strip_prefix("data: ").filter(|_| name == wanted) {
                return serde_json::from_str(told.trim()).unwrap();
            }
        }
    }
}

/// Adds a user: the exit status, and what it said.
pub fn add_user(config: &str, name: &str, country: &str, role: &str) -> (Option<i32>, String) {
    let mut adding = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(["console", "user", "add", name, "--person", "Sok Dara", "--country", country, "--role", role])
        .args(["--config", config])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever is refused reads no password.
    let _ = writeln!(adding.stdin.take().unwrap(), "{PASSWORD}");
    let output = adding.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}
