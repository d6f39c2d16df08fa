//! Who may do what.
//!
//! Rules:
//! - a user has one role and one country; the country decides what is seen, the role what may be done ([`ROLES`]);
//! - every request stands in one table ([`REQUESTS`]) with what it takes; one that does not is refused to everybody.
//!   `tests/access.rs` goes through all of them for every role;
//! - what changes something takes the session's token besides its cookie, so that no other page can ask for it.

pub mod sessions;
pub mod tries;
pub mod users;

use serde::{Deserialize, Serialize};

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Works on incidents of the own country's interest, and opens what is sealed for it.
    Investigator,
    /// Speaks with other countries: refers and joins operations.
    Liaison,
    /// Looks at what others did.
    Auditor,
    /// Of a carrier's own desk: sees its subscribers in clear, and has the list of whom to bar.
    Analyst,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Investigator, Self::Liaison, Self::Auditor, Self::Analyst];

    /// Those of a carrier's own desk, or of an agency's console.
    pub fn of(is_desk: bool) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |role| role.is_of(is_desk))
    }

    /// Whether it is one of a carrier's own desk, or of an agency's console.
    #[must_use]
    pub const fn is_of(self, is_desk: bool) -> bool {
        match self {
            Self::Viewer | Self::Auditor => true,
            Self::Investigator | Self::Liaison => !is_desk,
            Self::Analyst => is_desk,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Investigator => "investigator",
            Self::Liaison => "liaison",
            Self::Auditor => "auditor",
            Self::Analyst => "analyst",
        }
    }

    /// What it may do.
    #[must_use]
    pub fn rights(self) -> &'static [Right] {
        ROLES.iter().find(|(role, _)| *role == self).map_or(&[], |(_, rights)| rights)
    }

    /// Whether it may do something.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        self.rights().contains(&right)
    }
}

/// Something that may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Look at incidents, sources, figures and campaigns.
    Read,
    /// Say that the country has seen an alert.
    Acknowledge,
    /// Say that the country looks into it.
    Take,
    /// Remark something.
    Comment,
    /// Say what it turned out to be.
    Verdict,
    /// Ask the producer to preserve or to hold.
    Request,
    /// Say that it is with a prosecutor or a court.
    Refer,
    /// Say that several countries act together; propose joint operations, answer, add to them, say how far they are.
    JointOperation,
    /// Open what is sealed for the country, with a case reference.
    Open,
    /// Export a case as a signed dossier.
    Dossier,
    /// See a subscriber of the carrier in clear, with a case reference.
    Clear,
    /// Export the list of whom to bar.
    BarList,
    /// Look at the audit log.
    Audit,
}

impl Right {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Acknowledge => "acknowledge",
            Self::Take => "take",
            Self::Comment => "comment",
            Self::Verdict => "verdict",
            Self::Request => "request",
            Self::Refer => "refer",
            Self::JointOperation => "joint-operation",
            Self::Open => "open",
            Self::Dossier => "dossier",
            Self::Clear => "clear",
            Self::BarList => "bar-list",
            Self::Audit => "audit",
        }
    }

    /// Whether it says something to everybody, under the console's name.
    #[must_use]
    pub const fn speaks(self) -> bool {
        !matches!(self, Self::Read | Self::Open | Self::Dossier | Self::Clear | Self::BarList | Self::Audit)
    }
}

/// Roles and what they may do.
pub const ROLES: &[(Role, &[Right])] = {
    use Right::{
        Acknowledge, Audit, BarList, Clear, Comment, Dossier, JointOperation, Open, Read, Refer, Request, Take, Verdict,
    };
    &[
        (Role::Viewer, &[Read]),
        (Role::Investigator, &[Read, Acknowledge, Take, Comment, Verdict, Request, Open, Dossier]),
        (Role::Liaison, &[Read, Acknowledge, Comment, Request, Refer, JointOperation, Dossier]),
        (Role::Auditor, &[Read, Audit]),
        (Role::Analyst, &[Read, Clear, BarList]),
    ]
};

/// What a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: the page itself, and signing in.
    Nothing,
    /// Somebody who is signed in, or the open console of a machine of one's own.
    Session,
    /// A right.
    Right(Right),
    /// One of the rights that speak; which one is seen by what is to be said.
    Speaking,
}

/// Every request: method, path as the router has it, and what it takes.
pub const REQUESTS: &[(&str, &str, Takes)] = &[
    ("GET", "/api/v1/session", Takes::Session),
    ("POST", "/api/v1/session", Takes::Nothing),
    ("DELETE", "/api/v1/session", Takes::Session),
    ("GET", "/api/v1/provider", Takes::Nothing),
    ("GET", "/api/v1/provider/begin", Takes::Nothing),
    ("GET", "/api/v1/provider/back", Takes::Nothing),
    ("GET", "/api/v1/incidents", Takes::Right(Right::Read)),
    ("GET", "/api/v1/incidents/{key}", Takes::Right(Right::Read)),
    ("POST", "/api/v1/incidents/{key}/feedback", Takes::Speaking),
    ("POST", "/api/v1/incidents/{key}/open", Takes::Right(Right::Open)),
    ("POST", "/api/v1/incidents/{key}/dossier", Takes::Right(Right::Dossier)),
    ("GET", "/api/v1/incidents/{key}/named", Takes::Right(Right::Read)),
    ("POST", "/api/v1/incidents/{key}/named", Takes::Right(Right::Clear)),
    ("GET", "/api/v1/home", Takes::Right(Right::Read)),
    ("POST", "/api/v1/home/search", Takes::Right(Right::Clear)),
    ("GET", "/api/v1/home/{home}/named", Takes::Right(Right::Read)),
    ("POST", "/api/v1/home/{home}/named", Takes::Right(Right::Clear)),
    ("GET", "/api/v1/requests", Takes::Right(Right::Read)),
    ("POST", "/api/v1/bar-list", Takes::Right(Right::BarList)),
    ("GET", "/api/v1/events", Takes::Right(Right::Read)),
    ("GET", "/api/v1/patterns", Takes::Right(Right::Read)),
    ("GET", "/api/v1/sources", Takes::Right(Right::Read)),
    ("GET", "/api/v1/figures", Takes::Right(Right::Read)),
    ("GET", "/api/v1/digest", Takes::Right(Right::Read)),
    ("GET", "/api/v1/digest.csv", Takes::Right(Right::Read)),
    ("GET", "/api/v1/digest.html", Takes::Right(Right::Read)),
    ("GET", "/api/v1/campaigns", Takes::Right(Right::Read)),
    ("GET", "/api/v1/campaigns/{id}", Takes::Right(Right::Read)),
    ("POST", "/api/v1/campaigns/{id}/dossier", Takes::Right(Right::Dossier)),
    ("GET", "/api/v1/operations", Takes::Right(Right::Read)),
    ("POST", "/api/v1/operations", Takes::Right(Right::JointOperation)),
    ("GET", "/api/v1/operations/{operation}", Takes::Right(Right::Read)),
    ("POST", "/api/v1/operations/{operation}", Takes::Right(Right::JointOperation)),
    ("GET", "/api/v1/audit", Takes::Right(Right::Audit)),
    ("GET", "/api/v1/audit/verify", Takes::Right(Right::Audit)),
    ("GET", "/assets/{*name}", Takes::Nothing),
];

/// What a request takes; none if it stands in no table.
#[must_use]
pub fn takes(method: &str, path: &str) -> Option<Takes> {
    // A question about a page is answered as the page is.
    let method = if method == "HEAD" { "GET" } else { method };
    REQUESTS.iter().find(|(known, at, _)| *known == method && *at == path).map(|(_, _, takes)| *takes)
}
