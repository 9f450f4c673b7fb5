//! Everything that touches one address: its tokens, its networks, its players, its sessions, and the ways to cut.

use leptos::prelude::*;

use super::{
    act::{BlockButton, NoRules, Revoke, Ways},
    addresses::reaches,
    block::{Blocked, barred},
    cases::{AddButton, Adding},
    panel::{Judged, Known, Touching, known, part},
    parts::{Score, lasted},
    place::Place,
    token::networks,
    tokens::{Stands, barred as not_revocable, status},
};
use crate::{
    api::{
        client::use_api,
        misuse::{self, AddressUsage, Filter, TokenUsage, TokenUsageOrder, Whose},
        scalar::TokenStatus,
    },
    kit::{Badge, CopyField, Load, Loaded, Look, Skeleton, Table, Tone},
};

/// All that is known of it within the time of the view.
#[derive(Clone, PartialEq)]
struct All {
    known: Known<AddressUsage>,
    tokens: Vec<TokenUsage>,
}

/// The panel's content.
#[component]
pub(super) fn Panel(place: Place, ip: String, ways: Ways) -> impl IntoView {
    let api = use_api();
    let address = StoredValue::new(ip.clone());
    let load = Load::new(move || {
        ways.ended.track();
        let range = untrack(|| place.span().range());
        async move {
            let ip = address.get_value();
            let filter = Filter {
                ip: Some(ip.clone()),
                ..Filter::default()
            };
            let whose = Whose {
                ip: Some(ip),
                ..Whose::default()
            };
            Ok(All {
                known: known(api, &range, &filter, whose).await?,
                tokens: misuse::tokens(api, part(&range, &filter, 100), TokenUsageOrder::Score)
                    .await?
                    .nodes,
            })
        }
    });
    view! {
        <div class="dialog-body panel">
            <NoRules ways/>
            <CopyField label="IP" value=ip/>
            <Loaded load skeleton=|| view! { <Skeleton lines=8/> }>
                {move || load.value().get().map(|all| view! { <Whole all ways/> })}
            </Loaded>
        </div>
    }
}

#[component]
fn Whole(all: All, ways: Ways) -> impl IntoView {
    let All {
        known: Known { usage, apart, sessions },
        tokens,
    } = all;
    let networks = usage
        .as_ref()
        .map(|usage| networks(std::slice::from_ref(usage)))
        .unwrap_or_default();
    view! {
        {usage.map(|usage| {
            let reaches = reaches(&usage);
            let adding = Adding {
                label: usage.ip.clone(),
                addresses: vec![usage.ip.clone()],
                ..Adding::default()
            };
            let figures = vec![
                ("Sessions", usage.sessions.to_string()),
                ("At once at most", usage.max_concurrency.to_string()),
                ("Duration sum", lasted(usage.duration_sum_s)),
                ("Duration average", lasted(usage.duration_avg_s)),
                ("Streams", usage.streams.to_string()),
                ("Tokens", usage.tokens.to_string()),
            ];
            let barred = barred(usage.blocked_by.as_ref());
            let standing = match usage.blocked_by {
                Some(by) => view! { <Blocked by/> }.into_any(),
                None => view! { <Badge tone=Tone::Good text="Let in"/> }.into_any(),
            };
            view! {
                <div class="standing">
                    <p class="line">{standing}</p>
                    <AddButton ways adding look=Look::Plain/>
                    <BlockButton ways reaches barred=barred.clone() look=Look::Danger/>
                    {barred.map(|why| view! { <p class="soft standing-note">{why}</p> })}
                </div>
                <Judged score=usage.score indicators=usage.indicators figures/>
            }
        })}
        <Tokens caption="Tokens of the address" tokens ways/>
        <Touching networks apart sessions ways/>
    }
}

/// Tokens with how they stand, each with the way to take it back.
#[component]
pub(super) fn Tokens(caption: &'static str, tokens: Vec<TokenUsage>, ways: Ways) -> impl IntoView {
    view! {
        <section class="panel-part">
            <h3>"Tokens"</h3>
            <Table caption columns=vec!["JTI", "Status", "Score", "Sessions", "Duration", ""]>
                {tokens.into_iter().map(|row| view! { <TokenRow row ways/> }).collect_view()}
            </Table>
        </section>
    }
}

#[component]
fn TokenRow(row: TokenUsage, ways: Ways) -> impl IntoView {
    let (status, barred) = (status(ways, &row), not_revocable(&row));
    let jti = row.jti.clone();
    let href = format!("/misuse/tokens?open={}", js_sys::encode_uri_component(jti.inner()));
    let revoke = move || {
        (status.get() != TokenStatus::Revoked).then(|| view! { <Revoke ways jti=jti.clone() barred=barred.clone()/> })
    };
    view! {
        <tr>
            <th scope="row">
                <span class="line">{row.user}{row.tag.map(|tag| view! { <span class="tag">{tag}</span> })}</span>
                <a class="mono under ellipsis" href=href title=row.jti.inner().to_owned()>{row.jti.inner().to_owned()}</a>
            </th>
            <td data-label="Status"><Stands status held=row.held_until/></td>
            <td data-label="Score"><Score score=row.score indicators=row.indicators/></td>
            <td data-label="Sessions" class="num">{row.sessions}</td>
            <td data-label="Duration" class="num">{lasted(row.duration_sum_s)}</td>
            <td class="acts">{revoke}</td>
        </tr>
    }
}
