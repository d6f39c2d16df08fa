//! One broker: its configuration, and a process that cannot outlive the test.
//!
//! The broker is a child of a shell that waits for the end of its standard input, whose other end this process
//! holds. When this process ends, in whatever way, the pipe closes and the shell kills the broker. (The kernel's
//! parent-death signal would do with fewer parts, but fires when the *thread* that started the child ends, and a test
//! that shares a cluster outlives the thread that started it.)

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::certificates::{self, Authority, Identity};
use crate::limits::{HEAP, LOG_LINES};
use crate::{ClusterError, io_error};

/// Where each broker of a cluster listens and keeps its files.
#[derive(Debug)]
pub struct Layout {
    jars: PathBuf,
    folder: PathBuf,
    /// Ports for clients and for controllers.
    ports: Vec<(u16, u16)>,
    security: Option<Security>,
}

/// What makes a cluster a secured one.
#[derive(Debug)]
pub struct Security {
    /// Makes certificates.
    pub authority: Authority,
    /// All brokers.
    pub broker: Identity,
    /// May do everything.
    pub administrator: Identity,
    key_store: PathBuf,
}

impl Security {
    /// An authority, a broker and an administrator.
    pub fn create(folder: &Path) -> Result<Self, ClusterError> {
        let authority = Authority::create(folder)?;
        let broker = authority.issue("XX", "exchange", "broker")?;
        let administrator = authority.issue("XX", "exchange", "administrator")?;
        let key_store = folder.join("broker.store.pem");
        certificates::key_store(&broker, &key_store)?;
        Ok(Self { authority, broker, administrator, key_store })
    }

    /// Mutual TLS 1.3 and nothing else, between brokers and controllers too; nobody may do what no right allows but the
    /// brokers and the administrator.
    fn configuration(&self) -> String {
        format!(
            "listener.security.protocol.map=CLIENTS:SSL,CONTROLLER:SSL\n\
             ssl.keystore.type=PEM\n\
             ssl.keystore.location={}\n\
             ssl.truststore.type=PEM\n\
             ssl.truststore.location={}\n\
             ssl.client.auth=required\n\
             ssl.protocol=TLSv1.3\n\
             ssl.enabled.protocols=TLSv1.3\n\
             authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
             super.users={};{}\n",
            self.key_store.display(),
            self.broker.ca.display(),
            self.broker.principal,
            self.administrator.principal
        )
    }
}

/// 16 bytes in base64: the id of every test cluster. Folders are never shared, so neither need the ids differ.
const CLUSTER_ID: &str = "bGFuY2FuZ2xhbmNhbmcwMQ";

impl Layout {
    /// Free ports for so many brokers, and their configuration written down.
    pub fn plan(brokers: usize, jars: &Path, folder: &Path, security: Option<Security>) -> Result<Self, ClusterError> {
        let listeners: Vec<TcpListener> = (0..2 * brokers)
            .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .collect::<Result<_, _>>()
            .map_err(io_error("a free port"))?;
        let ports: Vec<u16> = listeners
            .iter()
            .map(|listener| listener.local_addr().map(|address| address.port()))
            .collect::<Result<_, _>>()
            .map_err(io_error("a free port"))?;
        let ports = ports.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        let layout = Self { jars: jars.into(), folder: folder.into(), ports, security };
        for number in 0..brokers {
            let path = layout.properties(number);
            fs::write(&path, layout.configuration(number)).map_err(io_error(format!("writing {}", path.display())))?;
        }
        Ok(layout)
    }

    /// `host:port` of every broker.
    pub fn bootstrap(&self) -> String {
        let hosts: Vec<_> = self.ports.iter().map(|(port, _)| format!("127.0.0.1:{port}")).collect();
        hosts.join(",")
    }

    /// What makes it a secured cluster, if it is one.
    pub fn security(&self) -> Option<&Security> {
        self.security.as_ref()
    }

    /// Port of a broker for clients.
    pub fn port(&self, number: usize) -> u16 {
        self.ports[number].0
    }

    /// Formats the storage of all brokers at once: each takes a Java start of some seconds.
    pub fn format(&self) -> Result<(), ClusterError> {
        let running: Vec<Child> = (0..self.ports.len())
            .map(|number| {
                self.java("kafka.tools.StorageTool")
                    .args(["format", "--cluster-id", CLUSTER_ID, "--config"])
                    .arg(self.properties(number))
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
            })
            .collect::<Result<_, _>>()
            .map_err(io_error("starting java"))?;
        for child in running {
            let output = child.wait_with_output().map_err(io_error("waiting for java"))?;
            if !output.status.success() {
                return Err(ClusterError::Format(String::from_utf8_lossy(&output.stderr).into_owned()));
            }
        }
        Ok(())
    }

    /// Last lines that a broker wrote.
    pub fn log_tail(&self, number: usize) -> String {
        let mut bytes = Vec::new();
        let read = File::open(self.log(number)).and_then(|mut file| file.read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        match read {
            Ok(_) if !lines.is_empty() => lines[lines.len().saturating_sub(LOG_LINES)..].join(" | "),
            _ => "nothing".into(),
        }
    }

    fn java(&self, class: &str) -> Command {
        let mut command = Command::new("java");
        // C1 alone and a serial collector: a broker that lives for seconds should not spend them compiling.
        command.args([HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"]);
        command.arg(self.jars.join("*")).arg(class);
        command
    }

    fn properties(&self, number: usize) -> PathBuf {
        self.folder.join(format!("broker-{number}.properties"))
    }

    fn log(&self, number: usize) -> PathBuf {
        self.folder.join(format!("broker-{number}.log"))
    }

    fn configuration(&self, number: usize) -> String {
        let (port, controller) = self.ports[number];
        let id = number + 1;
        let voters: Vec<_> = (1..).zip(&self.ports).map(|(id, (_, port))| format!("{id}@127.0.0.1:{port}")).collect();
        let voters = voters.join(",");
        let logs = self.folder.join(format!("broker-{number}"));
        let logs = logs.display();
        let replicas = self.ports.len();
        let plain = "listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT\n".to_owned();
        let security = self.security.as_ref().map_or(plain, Security::configuration);
        let in_sync_min = if replicas >= 3 { 2 } else { 1 };
        // Groups begin at once, timed-out transactions end within a second, sessions may be short, a killed broker is
        // missed (and its successor let in) after two seconds: tests wait for each of these. Topics are never made by asking for them, or a missing one could not be tested. Records
        // carry event times and must stay.
        format!(
            "process.roles=broker,controller\n\
             node.id={id}\n\
             controller.quorum.voters={voters}\n\
             listeners=CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=CLIENTS://127.0.0.1:{port}\n\
             inter.broker.listener.name=CLIENTS\n\
             controller.listener.names=CONTROLLER\n\
             {security}\
             log.dirs={logs}\n\
             auto.create.topics.enable=false\n\
             default.replication.factor={replicas}\n\
             min.insync.replicas={in_sync_min}\n\
             offsets.topic.num.partitions=4\n\
             offsets.topic.replication.factor={replicas}\n\
             transaction.state.log.num.partitions=4\n\
             transaction.state.log.replication.factor={replicas}\n\
             transaction.state.log.min.isr={in_sync_min}\n\
             transaction.abort.timed.out.transaction.cleanup.interval.ms=1000\n\
             group.initial.rebalance.delay.ms=0\n\
             broker.session.timeout.ms=2000\n\
             broker.heartbeat.interval.ms=500\n\
             group.min.session.timeout.ms=1000\n\
             log.retention.ms=-1\n\
             num.network.threads=2\n\
             num.io.threads=4\n"
        )
    }
}

/// A running broker.
#[derive(Debug)]
pub struct Broker {
    watcher: Child,
    pid: Pid,
}

/// Starts the broker, says its process id, waits for the end of the input, kills it and waits until it is gone.
const WATCH: &str = "trap '' INT TERM HUP; log=$1; shift; \"$@\" >>\"$log\" 2>&1 </dev/null & pid=$!; echo $pid; \
                     cat >/dev/null; kill -KILL $pid; wait $pid";

impl Broker {
    /// Starts broker `number`.
    pub fn start(layout: &Layout, number: usize) -> Result<Self, ClusterError> {
        let java = layout.java("kafka.Kafka");
        let mut watcher = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .arg(layout.log(number))
            .arg(java.get_program())
            .args(java.get_args())
            .arg(layout.properties(number))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(io_error("starting a shell"))?;
        let mut line = String::new();
        if let Some(stdout) = watcher.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(io_error("the broker's process id"))?;
        }
        let pid = line.trim().parse().ok().and_then(Pid::from_raw);
        let pid = pid.ok_or(ClusterError::Broker { broker: number, what: "did not say its process id" })?;
        Ok(Self { watcher, pid })
    }

    /// Whether the process is gone.
    pub fn has_ended(&mut self) -> bool {
        // The shell collects its child only after killing it, so until then an ended broker is a zombie, which /proc shows as state Z.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid.as_raw_nonzero()));
        stat.map_or(true, |stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
    }

    /// Sends a signal to the broker itself.
    pub fn signal(&self, signal: Signal) -> Result<(), ClusterError> {
        kill_process(self.pid, signal).map_err(|errno| io_error("a signal to a broker")(errno.into()))
    }

    /// Kills the broker with SIGKILL and collects its watcher.
    pub fn kill(mut self) {
        // The watcher does the killing: it alone is sure that the id still is its child's.
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}
