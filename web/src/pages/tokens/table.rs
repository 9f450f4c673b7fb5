//! Records of tokens with status, and what can be done to each. Used for one stream and for the whole organisation.

use leptos::prelude::*;

use super::{
    bulk::{self, By},
    one::RevokeOne,
};
use crate::{
    api::{
        client::use_api,
        failure::sentence,
        page::Page,
        people::Permission,
        scalar::TokenStatus,
        tokens::{self, Door, Token, Wanted},
    },
    kit::{
        Button, Choice, Choices, Empty, Icon, Load, Look, Menu, MenuItem, More, SearchBox, StatusBadge, Table, When,
        nodes,
    },
    session::may,
    time,
};

/// The statuses that a list can be narrowed to.
pub(super) const STATUSES: [(Option<TokenStatus>, &str); 4] = [
    (None, "All"),
    (Some(TokenStatus::Active), "Active"),
    (Some(TokenStatus::Revoked), "Revoked"),
    (Some(TokenStatus::Expired), "Expired"),
];

/// What is looked for on a narrow place, where it stands in no address.
#[component]
pub(crate) fn NarrowFilters(text: RwSignal<String>, status: RwSignal<Option<TokenStatus>>) -> impl IntoView {
    let options = STATUSES.map(|(one, label)| Choice::new(one, label)).to_vec();
    view! {
        <div class="filters filters-narrow">
            <SearchBox label="Search tokens" placeholder="Viewer, tag or id" text heard=move |typed: String| text.set(typed.trim().to_owned())/>
            <Choices legend="Status" legend_hidden=true options chosen=status on_choose=move |one| status.set(one)/>
        </div>
    }
}

/// What can be done to a row's token and to its viewer.
#[derive(Clone, Copy)]
struct Acts {
    revoke: Callback<Token>,
    bulk: bulk::Asked,
    ban: Option<RwSignal<Option<String>>>,
}

/// Records of tokens, and the ways to take them back. `ban` is set to the viewer who is to be banned.
#[component]
pub(crate) fn TokenTable(
    load: Load<Page<Token>>,
    #[prop(into)] wanted: Signal<Wanted>,
    bulk: bulk::Asked,
    #[prop(optional)] ban: Option<RwSignal<Option<String>>>,
    #[prop(optional)] narrow: bool,
) -> impl IntoView {
    let api = use_api();
    let asked = RwSignal::new(None::<cynic::Id>);
    let tokens = nodes(load);
    let revoked = move |jti| load.value().update(|page| mark_revoked(page.as_mut(), &jti));
    let ask = Callback::new(move |token: Token| asked.set(Some(token.jti)));
    let acts = Acts { revoke: ask, bulk, ban };
    let columns = if narrow {
        vec!["Token", "Status", ""]
    } else {
        vec!["Token", "Opens", "Status", "Created", "Expires", ""]
    };
    let unfiltered = move || {
        wanted.with(|wanted| {
            wanted.text.is_none() && wanted.status.is_none() && wanted.door.is_none() && wanted.jti.is_none()
        })
    };
    view! {
        <Show when=move || !tokens.with(Vec::is_empty) fallback=move || {
            if unfiltered() {
                view! { <Empty icon=icondata_lu::LuTicket title="No tokens yet" text="A token opens a stream for one viewer, for as long as you say."/> }
            } else {
                view! { <Empty icon=icondata_lu::LuSearch title="No token fits" text="Try another text, or show every status."/> }
            }
        }>
            <Table caption="Playback tokens" columns=columns.clone() tight=narrow>
                <For each=move || tokens.get() key=|token| (token.jti.clone(), token.status.as_word()) let:token>
                    <Row token acts narrow/>
                </For>
            </Table>
            <More load ask=move |after| tokens::page(api, wanted.get_untracked(), after)/>
        </Show>
        <RevokeOne asked on_revoked=revoked/>
    }
}

#[component]
fn Row(token: Token, acts: Acts, narrow: bool) -> impl IntoView {
    let may_revoke = may(Permission::TokenRevoke);
    let now = time::use_now();
    let expires = time::millis(&token.expires_at);
    // The server's label, and past its time Expired without asking again.
    let given = token.status;
    let status = Memo::new(move |_| {
        if given == TokenStatus::Active && expires <= now.get() {
            TokenStatus::Expired
        } else {
            given
        }
    });
    let because = token.not_revocable_because.clone().map(|text| sentence(&text));
    let revocable = token.revocable;
    // `None`: no button. A reason: a button that cannot be pressed, and why.
    let barred = Memo::new(move |_| match status.get() {
        TokenStatus::Revoked => None,
        _ if revocable || because.is_some() => Some(because.clone().unwrap_or_default()),
        TokenStatus::Expired => Some("It has expired: it opens nothing any more.".into()),
        TokenStatus::Active => Some("It was made as not revocable.".into()),
    });
    let jti = token.jti.inner().to_owned();
    let publishes = token.door == Door::Ingest;
    let who = token
        .user
        .clone()
        .unwrap_or_else(|| if publishes { "Any broadcaster" } else { "Any viewer" }.into());
    let opens = if token.organisation_wide {
        "every stream".to_owned()
    } else if token.streams.is_empty() {
        "the streams of groups".to_owned()
    } else {
        token.streams.join(", ")
    };
    let (created, expiry, tag) = (token.created_at.clone(), token.expires_at.clone(), token.tag.clone());
    let more = (!narrow && may_revoke).then(|| view! { <RowMenu token=token.clone() acts who=who.clone()/> });
    let token = StoredValue::new(token);
    let name = format!("Revoke the token of {who}");
    let act = move || {
        let reason = barred.get()?;
        let (name, why) = (name.clone(), Some(reason.clone()).filter(|why| !why.is_empty()));
        may_revoke.then(|| view! {
            <Button look=Look::Quiet barred=Signal::stored(why) on_press=move |_| acts.revoke.run(token.get_value()) attr:aria-label=name>"Revoke"</Button>
            {(!reason.is_empty()).then(|| view! { <span class="sr-only">{reason}</span> })}
        })
    };
    view! {
        <tr>
            <th scope="row">
                <span class="line">{who}{tag.map(|tag| view! { <span class="tag">{tag}</span> })}{publishes.then(|| view! { <span class="tag tag-publish">"publishes"</span> })}</span>
                <span class="mono under ellipsis" title=jti.clone()>{jti.clone()}</span>
                {narrow.then(|| view! { <span class="under">"Expires "<When at=expiry.clone()/></span> })}
            </th>
            {(!narrow).then(|| view! { <td data-label="Opens" class="mono opens">{opens}</td> })}
            <td data-label="Status"><StatusBadge status/></td>
            {(!narrow).then(|| view! {
                <td data-label="Created" class="soft"><When at=created/></td>
                <td data-label="Expires" class="soft"><When at=expiry/></td>
            })}
            <td class="acts">{act}{more}</td>
        </tr>
    }
}

/// What reaches further than the one token; nothing where it names neither viewer nor label.
#[component]
fn RowMenu(token: Token, acts: Acts, who: String) -> impl IntoView {
    let (user, tag) = (token.user, token.tag);
    let ban = acts.ban.filter(|_| may(Permission::ViewerBan));
    (user.is_some() || tag.is_some()).then(|| {
        let ban = ban.zip(user.clone()).map(|(ban, user)| {
            let user = StoredValue::new(user);
            view! { <MenuItem icon=icondata_lu::LuUserX danger=true on_choose=move |()| ban.set(Some(user.get_value()))>"Ban the viewer"</MenuItem> }
        });
        let of = move |by: By, text: Option<String>, label: &'static str| {
            text.map(|text| {
                let text = StoredValue::new(text);
                view! { <MenuItem icon=icondata_lu::LuScissors on_choose=move |()| acts.bulk.set(Some((by, text.get_value())))>{label}</MenuItem> }
            })
        };
        let label = format!("Actions for {who}");
        view! {
            <Menu label button=|| view! { <Icon of=icondata_lu::LuEllipsis/> }>
                {of(By::Viewer, user, "Revoke all of this viewer")}
                {of(By::Label, tag, "Revoke all of this tag")}
                {ban}
            </Menu>
        }
    })
}

fn mark_revoked(page: Option<&mut Page<Token>>, jti: &cynic::Id) {
    for one in page
        .into_iter()
        .flat_map(|page| &mut page.nodes)
        .filter(|one| one.jti == *jti)
    {
        one.status = TokenStatus::Revoked;
    }
}
