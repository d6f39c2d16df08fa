//! A broker comes up, dies when told, and comes back on its port.

use std::net::TcpStream;

use lancang_cluster::{BROKERS_VARIABLE, Cluster, ClusterError};

#[test]
fn brokers_start_die_and_come_back() {
    let cluster = Cluster::start(1).unwrap();
    let address = cluster.bootstrap().to_owned();
    if std::env::var(BROKERS_VARIABLE).is_ok() {
        assert!(matches!(cluster.kill(0), Err(ClusterError::Foreign("kill"))));
        return;
    }
    TcpStream::connect(&address).unwrap();
    assert!(matches!(cluster.restart(0), Err(ClusterError::Broker { broker: 0, .. })));
    assert!(matches!(cluster.kill(1), Err(ClusterError::Broker { broker: 1, .. })));

    cluster.kill(0).unwrap();
    assert!(TcpStream::connect(&address).is_err(), "a killed broker still listens");
    assert!(matches!(cluster.pause(0), Err(ClusterError::Broker { broker: 0, .. })));

    cluster.restart(0).unwrap();
    TcpStream::connect(&address).unwrap();

    drop(cluster);
    assert!(TcpStream::connect(&address).is_err(), "a dropped cluster still listens");
}
