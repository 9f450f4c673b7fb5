//! Everything that touches one token: what it says, what became of it, from where it was used, and the ways to cut.

use leptos::prelude::*;

use super::{
    act::{BlockButton, NoRules, Revoke, Ways},
    addresses::reaches,
    block::{Blocked, barred},
    cases::{AddButton, Adding},
    panel::{Judged, Known, Touching, known, part, rest, view_of},
    parts::lasted,
    place::Place,
    tokens::{Stands, status},
};
use crate::{
    api::{
        client::use_api,
        failure::{Failure, sentence},
        misuse::{self, AddressGroup, AddressUsage, AddressUsageOrder, Filter, TokenUsage},
        page::Page,
        scalar::TokenStatus,
        token_looks::{self, Record},
        tokens::{self, Advice, Token, Wanted},
        weak_tokens,
    },
    country,
    kit::{CopyField, Load, Loaded, Look, Skeleton, Table},
    pages::tokens::{Said, SeenAdvice},
};

/// All that is known of it within the time of the view.
#[derive(Clone, PartialEq)]
struct All {
    known: Known<TokenUsage>,
    addresses: Page<AddressUsage>,
    /// Its record, where it was made here.
    record: Option<(Token, Record)>,
    /// What spoke against it when it was shown.
    advice: Option<Vec<Advice>>,
}

/// The panel's content.
#[component]
pub(super) fn Panel(place: Place, jti: String, ways: Ways) -> impl IntoView {
    let api = use_api();
    let id = StoredValue::new(cynic::Id::new(jti.clone()));
    let load = Load::new(move || {
        let range = untrack(|| place.span().range());
        async move {
            let jti = id.get_value();
            let filter = Filter {
                jti: Some(jti.clone()),
                ..Filter::default()
            };
            Ok(All {
                known: known(api, &range, &filter, AddressGroup::Address).await?,
                addresses: misuse::addresses(api, part(&range, &filter, 100), AddressUsageOrder::Sessions).await?,
                record: record(api, &jti).await?,
                advice: weak_tokens::seen(api, jti).await?,
            })
        }
    })
    .anew_when(move || {
        ways.revoked.track();
        ways.ended.track();
    });
    view! {
        <div class="dialog-body panel">
            <NoRules ways/>
            <CopyField label="JTI" value=jti/>
            <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
                {move || load.value().get().map(|all| view! { <Whole all jti=id.get_value() place ways/> })}
            </Loaded>
        </div>
    }
}

/// Of what customers sign there is no record.
async fn record(api: crate::api::client::Api, jti: &cynic::Id) -> Result<Option<(Token, Record)>, Failure> {
    let wanted = Wanted {
        jti: Some(jti.inner().to_owned()),
        ..Wanted::default()
    };
    let token = match tokens::page(api, wanted, None).await {
        Ok(page) => page.nodes.into_iter().next(),
        Err(Failure::NotFound) => None,
        Err(why) => return Err(why),
    };
    match token {
        Some(token) => Ok(Some((token, token_looks::record(api, jti.inner().to_owned()).await?))),
        None => Ok(None),
    }
}

#[component]
fn Whole(all: All, jti: cynic::Id, place: Place, ways: Ways) -> impl IntoView {
    let All {
        known:
            Known {
                usage,
                networks,
                apart,
                sessions,
                filter,
            },
        addresses,
        record,
        advice,
    } = all;
    let many = usage.as_ref().map(|usage| usage.ips);
    let all_networks = view_of(place, "/misuse/addresses", &filter, "network");
    let all = view_of(place, "/misuse/addresses", &filter, "");
    view! {
        <Standing jti usage=usage.clone() record=record.clone().map(|(token, _)| token) ways/>
        {usage.map(|usage| {
            let figures = vec![
                ("Sessions", usage.sessions.to_string()),
                ("At once at most", usage.max_concurrency.to_string()),
                ("Duration sum", lasted(usage.duration_sum_s)),
                ("Duration average", lasted(usage.duration_avg_s)),
                ("Streams", usage.streams.to_string()),
                ("IPs", usage.ips.to_string()),
            ];
            view! { <Judged score=usage.score indicators=usage.indicators figures/> }
        })}
        <Addresses caption="Addresses of the token" addresses many all place ways/>
        <Touching networks apart sessions all_networks ways/>
        {advice.map(|advice| view! { <section class="panel-part"><h3>"What could be better about it"</h3><SeenAdvice advice/></section> })}
        {record.map(|(_, record)| {
            let claims = record.claims.0.as_object().cloned().unwrap_or_default();
            view! { <section class="panel-part"><h3>"Claims"</h3><Said claims plain=true/></section> }
        })}
    }
}

/// Its status, and the button that takes it back; where that would do nothing, it says why.
#[component]
fn Standing(jti: cynic::Id, usage: Option<TokenUsage>, record: Option<Token>, ways: Ways) -> impl IntoView {
    let recorded = record.as_ref().map(|token| token.status);
    let now = match (&usage, recorded) {
        (Some(usage), _) => status(ways, usage),
        (None, of) => Signal::stored(of.unwrap_or(TokenStatus::Active)),
    };
    let because = match (&record, &usage) {
        (Some(token), _) => token.not_revocable_because.clone(),
        (None, usage) => usage.as_ref().and_then(|usage| usage.not_revocable_because.clone()),
    };
    let barred = because.map(|why| sentence(&why));
    let who = usage.as_ref().and_then(|usage| usage.user.clone());
    let held = usage.as_ref().and_then(|usage| usage.held_until.clone());
    let tag = usage.and_then(|usage| usage.tag);
    let adding = Adding {
        label: jti.inner().to_owned(),
        tokens: vec![jti.clone()],
        ..Adding::default()
    };
    let note = match (&record, &barred) {
        (_, Some(why)) => Some(why.clone()),
        (None, None) => Some("It was not made here: its sessions say how it stands.".to_owned()),
        (Some(_), None) => None,
    };
    view! {
        <div class="standing">
            <p class="line">
                <Stands status=now held/>
                {who.map(|who| view! { <strong>{who}</strong> })}
                {tag.map(|tag| view! { <span class="tag">{tag}</span> })}
            </p>
            <AddButton ways adding look=Look::Plain/>
            {move || (now.get() != TokenStatus::Revoked).then(|| view! { <Revoke ways jti=jti.clone() barred=barred.clone() look=Look::Danger/> })}
            {note.map(|note| view! { <p class="soft standing-note">{note}</p> })}
        </div>
    }
}

/// Addresses with where they are, each with the way to keep it out. `many`: how many there are in all; `all`: the way to them.
#[component]
pub(super) fn Addresses(
    caption: &'static str,
    addresses: Page<AddressUsage>,
    many: Option<i32>,
    all: String,
    place: Place,
    ways: Ways,
) -> impl IntoView {
    let more = rest(&addresses, many, all);
    view! {
        <section class="panel-part">
            <h3>"Addresses"</h3>
            <Table caption columns=vec!["IP", "From", "Sessions", "Duration", ""]>
                {addresses.nodes.into_iter().map(|row| view! { <Address row place ways/> }).collect_view()}
            </Table>
            {more}
        </section>
    }
}

#[component]
fn Address(row: AddressUsage, place: Place, ways: Ways) -> impl IntoView {
    let (reaches, barred) = (reaches(&row), barred(row.blocked_by.as_ref()));
    let land = row.country.as_deref().map(country::name);
    let from: Vec<_> = [row.provider.clone(), land].into_iter().flatten().collect();
    let ip = row.ip.clone();
    let href = place.way_to("/misuse/addresses", &ip);
    view! {
        <tr>
            <th scope="row"><span class="line"><a class="mono" href=href>{ip}</a>{row.blocked_by.map(|by| view! { <Blocked by/> })}</span></th>
            <td data-label="From">{from.join(", ")}</td>
            <td data-label="Sessions" class="num">{row.sessions}</td>
            <td data-label="Duration" class="num">{lasted(row.duration_sum_s)}</td>
            <td class="acts"><BlockButton ways reaches barred/></td>
        </tr>
    }
}
