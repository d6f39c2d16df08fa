//! Rights in a cluster (Kafka's ACLs): what each says, and what several of them come to.
//!
//! [`allows`] follows Kafka's `StandardAuthorizer` with no super users and nothing allowed by default: a denial that
//! matches decides, then a permission that matches; reading, writing, deleting and altering include describing.
//! `tests/acls.rs` holds it against a real one.

use std::fmt;

/// Principal that stands for everybody.
pub const EVERYBODY: &str = "User:*";
/// Name that stands for every resource of its kind, in a literal pattern.
pub const EVERY_NAME: &str = "*";
/// Host that stands for every host.
pub const EVERY_HOST: &str = "*";
/// Name of the cluster among its resources.
pub const CLUSTER: &str = "kafka-cluster";

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Acl {
    /// Whose right: `User:CN=…`.
    pub principal: String,
    /// What it is about.
    pub resource: Resource,
    /// How `name` is compared.
    pub pattern: Pattern,
    /// Name of the resource, or its beginning.
    pub name: String,
    /// What is allowed or denied.
    pub operation: Operation,
    /// Allowed or denied.
    pub permission: Permission,
    /// From which host.
    pub host: String,
}

impl Acl {
    /// Allows one operation on one resource from every host.
    #[must_use]
    pub fn allow(
        principal: impl Into<String>,
        operation: Operation,
        resource: Resource,
        pattern: Pattern,
        name: impl Into<String>,
    ) -> Self {
        Self {
            principal: principal.into(),
            resource,
            pattern,
            name: name.into(),
            operation,
            permission: Permission::Allow,
            host: EVERY_HOST.to_owned(),
        }
    }

    /// Whether all of it has a name here. What has none can be shown, not made or taken away.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.resource != Resource::Other && self.operation != Operation::Other
    }

    /// Whether it speaks of this principal, by name or with everybody.
    #[must_use]
    pub fn is_of(&self, principal: &str) -> bool {
        self.principal == principal || self.principal == EVERYBODY
    }

    /// Whether it speaks of this resource.
    #[must_use]
    pub fn matches(&self, resource: Resource, name: &str) -> bool {
        let named = match self.pattern {
            Pattern::Literal => self.name == name || self.name == EVERY_NAME,
            Pattern::Prefixed => name.starts_with(&self.name),
        };
        self.resource == resource && named
    }
}

/// `allow User:CN=… to write topic lancang.alerts.v1`
impl fmt::Display for Acl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { principal, resource, pattern, name, operation, permission, host } = self;
        let verb = if *permission == Permission::Allow { "allow" } else { "deny" };
        write!(f, "{verb} {principal} to {} {} {name}", operation.as_str(), resource.as_str())?;
        if *pattern == Pattern::Prefixed {
            f.write_str("…")?;
        }
        if host != EVERY_HOST {
            write!(f, " from {host}")?;
        }
        Ok(())
    }
}

/// Names that an enum of this file has in the command line, in reports and in Kafka.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$each])* $variant,)+ }

        impl $name {
            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

named! {
    /// What a right is about.
    Resource {
        /// A topic.
        Topic = "topic",
        /// A consumer group.
        Group = "group",
        /// The cluster itself.
        Cluster = "cluster",
        /// The id of a transactional producer.
        TransactionalId = "transactional id",
        /// One that librdkafka does not know (delegation tokens, users).
        Other = "other resource",
    }
}

named! {
    /// How a name is compared.
    Pattern {
        /// The whole name, or `*`.
        Literal = "literal",
        /// Its beginning.
        Prefixed = "prefixed",
    }
}

named! {
    /// What is allowed or denied.
    Operation {
        /// Everything.
        All = "do everything with",
        /// Consuming; joining a group.
        Read = "read",
        /// Producing.
        Write = "write",
        /// Making.
        Create = "create",
        /// Deleting it or records of it.
        Delete = "delete",
        /// Changing partitions; rights of a cluster.
        Alter = "alter",
        /// Looking at it.
        Describe = "describe",
        /// What brokers do among themselves.
        ClusterAction = "act as a broker in",
        /// Looking at options.
        DescribeConfigs = "describe options of",
        /// Changing options.
        AlterConfigs = "alter options of",
        /// Producing without repeats; every right to write includes it since Kafka 2.8.
        IdempotentWrite = "write idempotently in",
        /// One that librdkafka does not know.
        Other = "do something else with",
    }
}

named! {
    /// Allowed or denied.
    Permission {
        /// Not allowed, whatever allows it.
        Deny = "deny",
        /// Allowed.
        Allow = "allow",
    }
}

impl Operation {
    /// Whether a permission for `self` includes `other`.
    fn permits(self, other: Self) -> bool {
        let describes = matches!(self, Self::Read | Self::Write | Self::Delete | Self::Alter);
        self == Self::All
            || self == other
            || (other == Self::Describe && describes)
            || (other == Self::DescribeConfigs && self == Self::AlterConfigs)
    }

    /// Whether a denial of `self` includes `other`.
    fn prevents(self, other: Self) -> bool {
        self == Self::All || self == other
    }
}

/// Whether these rights let a principal do this, from some host: a permission for one host counts, a denial for one host
/// does not.
#[must_use]
pub fn allows(acls: &[Acl], principal: &str, operation: Operation, resource: Resource, name: &str) -> bool {
    let of = |acl: &&Acl| acl.is_of(principal) && acl.matches(resource, name);
    let denied = acls
        .iter()
        .filter(of)
        .any(|acl| acl.permission == Permission::Deny && acl.host == EVERY_HOST && acl.operation.prevents(operation));
    let allowed = |acl: &Acl| acl.permission == Permission::Allow && acl.operation.permits(operation);
    !denied && acls.iter().filter(of).any(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(text: &str) -> Acl {
        let words: Vec<&str> = text.split(' ').collect();
        let operations = [("read", Operation::Read), ("write", Operation::Write), ("all", Operation::All)];
        let (pattern, name) = match words[2].strip_suffix('…') {
            Some(beginning) => (Pattern::Prefixed, beginning),
            None => (Pattern::Literal, words[2]),
        };
        let operation = operations.iter().find(|(name, _)| *name == words[1]).unwrap().1;
        let mut acl = Acl::allow(words[0].trim_start_matches('!'), operation, Resource::Topic, pattern, name);
        if words[0].starts_with('!') {
            acl.permission = Permission::Deny;
        }
        acl.host = words.get(3).unwrap_or(&EVERY_HOST).to_string();
        acl
    }

    #[test]
    fn what_rights_come_to() {
        let check = |acls: &[&str], operation, expected| {
            let acls: Vec<Acl> = acls.iter().map(|text| acl(text)).collect();
            assert_eq!(allows(&acls, "User:a", operation, Resource::Topic, "t.1"), expected, "{acls:?}");
        };
        check(&[], Operation::Read, false);
        check(&["User:a read t.1"], Operation::Read, true);
        check(&["User:a read t.1"], Operation::Write, false);
        check(&["User:a read t.1"], Operation::Describe, true);
        check(&["User:b read t.1"], Operation::Read, false);
        check(&["User:a read t.2"], Operation::Read, false);
        check(&["User:a read *"], Operation::Read, true);
        check(&["User:a read t.…"], Operation::Read, true);
        check(&["User:a read t.1.…"], Operation::Read, false);
        check(&["User:* all t.1"], Operation::Read, true);
        check(&["User:a read t.1", "!User:a read t.…"], Operation::Read, false);
        check(&["User:a read t.1", "!User:* all *"], Operation::Read, false);
        check(&["User:a read t.1", "!User:a write t.1"], Operation::Read, true);
        check(&["User:a read t.1", "!User:a read t.1 10.0.0.1"], Operation::Read, true);
        check(&["User:a read t.1 10.0.0.1"], Operation::Read, true);
    }

    #[test]
    fn rights_are_shown_as_sentences() {
        let check = |text: &str, expected: &str| assert_eq!(acl(text).to_string(), expected);
        check("User:a write t.1", "allow User:a to write topic t.1");
        check("!User:a all t.… 10.0.0.1", "deny User:a to do everything with topic t.… from 10.0.0.1");
    }
}
