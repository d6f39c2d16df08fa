//! Kafka's jars, and those of a bench's peer: copied once into the target folder, by Maven, from a `pom.xml`.
//!
//! The copy goes to `target/<name>/jars`, for Kafka itself `target/kafka-4.1.1/jars`; a marker beside it is written last, so that half a copy is never
//! used, and a lock makes parallel tests wait.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};

use crate::{ClusterError, io_error};

const VERSION: &str = "4.1.1";
/// Kafka 4 brokers need it.
const JAVA_MIN: u32 = 17;

/// Folder of Kafka's jars, after fetching them where they are not there yet.
pub fn fetched() -> Result<PathBuf, ClusterError> {
    let pom = Path::new(env!("CARGO_MANIFEST_DIR")).join("pom.xml");
    fetched_for(&pom, &format!("kafka-{VERSION}"))
}

/// Folder of the jars that a `pom.xml` names, in a folder of this name in the target folder, after fetching them where they
/// are not there yet.
///
/// # Errors
/// [`ClusterError::Missing`] without Java and Maven; [`ClusterError::Jars`] when Maven fails.
pub fn fetched_for(pom: &Path, name: &str) -> Result<PathBuf, ClusterError> {
    check_java()?;
    let folder = target_folder().join(name);
    fs::create_dir_all(&folder).map_err(io_error(format!("creating {}", folder.display())))?;
    let lock = File::create(folder.join("lock")).map_err(io_error("the lock of the jars"))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|errno| io_error("waiting for the jars")(errno.into()))?;
    let (jars, marker) = (folder.join("jars"), folder.join("complete"));
    if !marker.exists() {
        copy(pom, &folder, &jars)?;
        File::create(&marker).map_err(io_error("the marker of the jars"))?;
    }
    Ok(jars)
}

fn copy(pom: &Path, folder: &Path, jars: &Path) -> Result<(), ClusterError> {
    let output = Command::new("mvn")
        .args(["--quiet", "--batch-mode", "--file"])
        .arg(pom)
        .arg(format!("-Dlancang.build={}", folder.join("maven").display()))
        .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", jars.display()))
        .stdin(Stdio::null())
        .output()
        .map_err(|_| ClusterError::Missing { missing: "`mvn` is not on the PATH".into() })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().find(|line| line.contains("ERROR")).unwrap_or("no message");
    Err(ClusterError::Jars(first.to_owned()))
}

fn check_java() -> Result<(), ClusterError> {
    let output = Command::new("java")
        .arg("-version")
        .stdin(Stdio::null())
        .output()
        .map_err(|_| ClusterError::Missing { missing: "`java` is not on the PATH".into() })?;
    let text = String::from_utf8_lossy(&output.stderr);
    match java_major(&text) {
        Some(major) if major >= JAVA_MIN => Ok(()),
        Some(major) => Err(ClusterError::Missing { missing: format!("`java` is version {major}") }),
        None => Err(ClusterError::Missing { missing: "`java -version` was not understood".into() }),
    }
}

/// Major version out of `java -version`: `"17.0.15"`, and `"1.8.0_402"` for 8.
fn java_major(text: &str) -> Option<u32> {
    let version = text.split('"').nth(1)?;
    let mut parts = version.split(['.', '-', '+']);
    match parts.next()?.parse().ok()? {
        1 => parts.next()?.parse().ok(),
        major => Some(major),
    }
}

/// Cargo's target folder: the one that the running test was built into, by the tag that cargo leaves there.
fn target_folder() -> PathBuf {
    let tagged = |executable: PathBuf| {
        executable.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists()).map(Path::to_path_buf)
    };
    std::env::current_exe()
        .ok()
        .and_then(tagged)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_versions() {
        let check = |text: &str, expect: Option<u32>| assert_eq!(java_major(text), expect, "{text}");
        check("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime", Some(17));
        check("openjdk version \"21\" 2023-09-19", Some(21));
        check("openjdk version \"22-ea\" 2024-03-19", Some(22));
        check("java version \"1.8.0_402\"", Some(8));
        check("command not found", None);
        check("", None);
    }
}
