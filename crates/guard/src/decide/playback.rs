//! May this viewer see the stream?

use super::{Facts, Presence, Request, Stop, credential, trace::Trace};
use crate::{
    Permit, Policy, Reason, Timestamp,
    policy::{Standing, Stream, StreamStanding, Tenant},
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
    // What does not exist answers as a secured stream does.
    let open = stream
        .zip(tenant)
        .filter(|(stream, tenant)| !stream.needs_token(&tenant.organisation));
    if let Some((stream, tenant)) = open {
        judge_standing(tenant, stream, facts, trace)?;
        return Ok(permit(request, stream, None, None));
    }

    let proven = credential::prove(request, tenant, trace)?;
    // INVARIANT: a proven token was signed with a key of the tenant.
    let Some(tenant) = tenant else {
        return Err(Reason::TokenKey.into());
    };
    proven.judge_time(request.door, facts, tenant, now, trace)?;
    if let Some(stream) = stream {
        proven.judge_revocation(tenant, stream, trace)?;
    }
    proven.judge_scope(request, trace)?;
    proven.judge_restrictions(request, trace)?;
    trace.check("stream", stream.is_none().then_some(Reason::StreamUnknown), || {
        format!("{:?}", request.stream)
    })?;
    let Some(stream) = stream else {
        return Err(Reason::StreamUnknown.into());
    };
    judge_standing(tenant, stream, facts, trace)?;
    Ok(permit(
        request,
        stream,
        Some(proven.until(tenant)),
        Some(proven.grant()),
    ))
}

fn judge_standing(tenant: &Tenant, stream: &Stream, facts: &Facts, trace: &mut impl Trace) -> Result<(), Stop> {
    let suspended = tenant.organisation.standing == Standing::Suspended;
    trace.check(
        "organisation",
        suspended.then_some(Reason::OrganisationSuspended),
        || format!("{:?}", tenant.organisation.standing),
    )?;
    let locked = stream.standing == StreamStanding::Locked;
    trace.check("standing", locked.then_some(Reason::StreamLocked), || {
        format!("{:?}", stream.standing)
    })?;
    let offline = facts.publisher == Presence::Absent;
    trace.check("live", offline.then_some(Reason::StreamOffline), || {
        format!("{:?}", facts.publisher)
    })?;
    let most = tenant.organisation.viewers;
    // Whoever watches already is not sent away for those who came later.
    let full = !facts.running && most.is_some_and(|most| facts.viewers >= most);
    trace.check("viewers", full.then_some(Reason::ViewerLimit), || {
        format!("{} of {most:?}", facts.viewers)
    })?;
    let most = tenant.organisation.bandwidth_mbit_s;
    let bits = most.map(|most| u64::from(most).saturating_mul(MEGA));
    let full = !facts.running && bits.is_some_and(|bits| facts.bandwidth_bit_s >= bits);
    trace.check("bandwidth", full.then_some(Reason::ViewerLimit), || {
        format!("{} bit/s of {most:?} Mbit/s", facts.bandwidth_bit_s)
    })
}

pub(super) fn permit(
    request: &Request,
    stream: &Stream,
    until: Option<Timestamp>,
    grant: Option<crate::Grant>,
) -> Permit {
    Permit {
        door: request.door,
        organisation: stream.organisation,
        stream: stream.id,
        name: stream.name.clone(),
        until,
        grant,
    }
}

const MEGA: u64 = 1_000_000;
