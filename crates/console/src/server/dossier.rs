//! A dossier is exported: a file that everybody can check, for a case; in the audit log before and after.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use lancang_alert::words::Language;
use serde::Deserialize;

use super::acts::{body, case_reference};
use super::answer::{DOSSIER, Refused};
use super::{Caller, Site, Told, lock};
use crate::access::Right;
use crate::audit::Entry;
use crate::dossier::archive::ArchiveError;
use crate::dossier::{Made, MakeError, Wanted, make};
use crate::limits::DOSSIER_BYTES_MAX;
use crate::store::Subject;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exporting {
    case_reference: String,
    languages: Vec<String>,
}

pub(super) async fn incident(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(key): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    export(&site, &caller, Subject::Incident(key), request).await
}

pub(super) async fn campaign(
    State(site): State<Arc<Site>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refused> {
    export(&site, &caller, Subject::Campaign(id), request).await
}

async fn export(site: &Arc<Site>, caller: &Caller, subject: Subject, request: Request) -> Result<Response, Refused> {
    let Exporting { case_reference: reference, languages } = body(request).await?;
    let reference = case_reference(reference, "the reference of the case that it is made for")?;
    let languages = languages_of(&languages)?;
    let (Some(_), Some(writer)) = (&site.dossiers, site.desk.writer.clone()) else {
        return Err(Refused::NotSetUp("signing key: nobody could check a dossier"));
    };
    if !caller.rights.contains(&Right::Dossier) {
        return Err(Refused::Forbidden);
    }
    site.acts(caller, Right::Dossier.as_str())?;
    let (eyes, wanted) = (caller.eyes()?, subject.clone());
    // Bounded, because each takes its messages several times over: as they were kept, as parts, as a file, and checked.
    let _permit = site.dossiers_made.acquire().await.map_err(|error| Refused::Fault(error.to_string()))?;
    let case = site.look(move |sight| sight.case(eyes, &wanted, DOSSIER_BYTES_MAX)).await?.ok_or(Refused::NotFound)?;
    let about = Entry { case_reference: Some(reference.clone()), ..caller.entry("dossier", subject.id(), "asked") };
    // Before it is made: the export itself is the last thing that its custody tells.
    site.note(about.clone()).await?;
    let person = caller.user.as_ref().map(|user| user.person.clone()).unwrap_or_default();
    let wanted = Wanted { subject, case_reference: reference, languages, writer, person };
    let (at, now) = (Arc::clone(site), (site.now)());
    let path = lock(&site.audit).path().to_owned();
    let made = site
        .apart(move || {
            let dossiers = at.dossiers.as_ref()?;
            Some(make(&wanted, &case, &path, &dossiers.signer, &dossiers.roots, now).map_err(refused))
        })
        .await?;
    let made = made.unwrap_or(Err(Refused::NotSetUp("signing key")));
    let (outcome, detail) = match &made {
        Ok(Made { digest, .. }) => ("done", Some(format!("sha256 {digest}"))),
        Err(_) => ("failed", None),
    };
    site.note(Entry { outcome: outcome.to_owned(), detail, ..about }).await?;
    (site.told)(Told::Act { action: Right::Dossier.as_str(), outcome });
    let Made { bytes, name, .. } = made?;
    let named = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let named = named.map_err(|_| Refused::Fault("a dossier without a name".to_owned()))?;
    let kind = HeaderValue::from_static("application/x-tar");
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, named)], bytes).into_response())
}

fn refused(error: MakeError) -> Refused {
    match error {
        MakeError::Archive(ArchiveError::TooLong { .. }) => {
            Refused::TooLarge { what: DOSSIER, bytes_max: DOSSIER_BYTES_MAX }
        }
        MakeError::Lapsed(fault) => Refused::Lapsed(fault.to_string()),
        other => Refused::Fault(other.to_string()),
    }
}

fn languages_of(tags: &[String]) -> Result<[Language; 2], Refused> {
    let known = |tag: &String| Language::ALL.into_iter().find(|language| language.tag() == tag);
    let found: Option<Vec<Language>> = tags.iter().map(known).collect();
    match found.as_deref() {
        Some([first, second]) if first != second => Ok([*first, *second]),
        _ => {
            let expected = format!("two of {}", Language::ALL.map(Language::tag).join(", "));
            Err(Refused::Form { field: "languages", expected })
        }
    }
}
