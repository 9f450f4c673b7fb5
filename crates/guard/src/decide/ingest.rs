//! May this broadcaster publish the stream?

use super::{Credential, Facts, Presence, Request, Stop, credential, playback::permit, trace::Trace};
use crate::{
    Grant, Permit, Policy, Reason, Timestamp,
    policy::{IngestAuthorisation, Package, Standing, Stream, StreamStanding, Tenant},
};

pub(super) fn judge(
    request: &Request,
    facts: &Facts,
    policy: &Policy,
    now: Timestamp,
    trace: &mut impl Trace,
) -> Result<Permit, Stop> {
    let tenant = request
        .stream
        .as_ref()
        .and_then(|name| policy.tenant_of(name))
        .map(AsRef::as_ref);
    let stream = request
        .stream
        .as_ref()
        .and_then(|name| policy.stream(name))
        .map(AsRef::as_ref);
    let wanted = match (stream, tenant) {
        (Some(stream), Some(tenant)) => stream.ingest_authorisation(&tenant.organisation),
        (None, Some(tenant)) if tenant.organisation.ingest == IngestAuthorisation::Token => IngestAuthorisation::Token,
        // What does not exist answers as a stream whose key is wrong.
        _ => IngestAuthorisation::Key,
    };
    let wanted = match request.credential {
        Credential::TestSource => IngestAuthorisation::Key,
        _ => wanted,
    };
    let (until, grant) = match wanted {
        IngestAuthorisation::Open => (None, None),
        IngestAuthorisation::Key => {
            judge_key(request, stream, trace)?;
            (None, None)
        }
        IngestAuthorisation::Token => {
            let (until, grant) = judge_token(request, facts, tenant, stream, now, trace)?;
            (Some(until), Some(grant))
        }
    };
    trace.check("stream", stream.is_none().then_some(Reason::StreamUnknown), || {
        format!("{:?}", request.stream)
    })?;
    let Some((stream, tenant)) = stream.zip(tenant) else {
        return Err(Reason::StreamUnknown.into());
    };
    judge_standing(tenant, stream, facts, trace)?;
    Ok(permit(request, stream, until, grant))
}

fn judge_key(request: &Request, stream: Option<&Stream>, trace: &mut impl Trace) -> Result<(), Stop> {
    let fits = match (&request.credential, stream) {
        (Credential::Key(key), Some(stream)) => *key == stream.ingest_key,
        (Credential::TestSource, Some(stream)) => stream.test_source,
        _ => false,
    };
    trace.check("ingest key", (!fits).then_some(Reason::IngestKey), || {
        match request.credential {
            Credential::Key(_) => "a key".to_owned(),
            _ => "no key".to_owned(),
        }
    })
}

fn judge_token(
    request: &Request,
    facts: &Facts,
    tenant: Option<&Tenant>,
    stream: Option<&Stream>,
    now: Timestamp,
    trace: &mut impl Trace,
) -> Result<(Timestamp, Grant), Stop> {
    let proven = credential::prove(request, tenant, trace)?;
    let Some(tenant) = tenant else {
        return Err(Reason::TokenKey.into());
    };
    proven.judge_time(request.door, facts, tenant, now, trace)?;
    if let Some(stream) = stream {
        proven.judge_revocation(tenant, stream, trace)?;
    }
    proven.judge_scope(request, trace)?;
    proven.judge_restrictions(request, trace)?;
    Ok((proven.until(tenant), proven.grant()))
}

fn judge_standing(tenant: &Tenant, stream: &Stream, facts: &Facts, trace: &mut impl Trace) -> Result<(), Stop> {
    let suspended = tenant.organisation.standing == Standing::Suspended;
    trace.check(
        "organisation",
        suspended.then_some(Reason::OrganisationSuspended),
        || format!("{:?}", tenant.organisation.standing),
    )?;
    let lacking = !tenant.organisation.packages.has(Package::Live);
    trace.check("package", lacking.then_some(Reason::PackageRequired), || {
        Package::Live.as_str().to_owned()
    })?;
    let barred = match stream.standing {
        StreamStanding::Active => None,
        StreamStanding::Stopped => Some(Reason::StreamStopped),
        StreamStanding::Locked => Some(Reason::StreamLocked),
    };
    trace.check("standing", barred, || format!("{:?}", stream.standing))?;
    let taken = facts.publisher == Presence::Present;
    trace.check("publisher", taken.then_some(Reason::StreamInUse), || {
        format!("{:?}", facts.publisher)
    })
}
