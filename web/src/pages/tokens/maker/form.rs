//! The fields of the maker.

use leptos::prelude::*;

use super::draft::{Draft, End, Scope};
use crate::{
    api::{client::use_api, rules, streams, tokens::Door},
    kit::{Card, Choice, Choices, Icon, Load, Select, Switch, TextField},
    pages::located::{Named, Unlocated},
};

const ENDS: [(End, &str); 6] = [
    (End::In(300), "5 min"),
    (End::In(900), "15 min"),
    (End::In(3600), "1 h"),
    (End::In(86_400), "24 h"),
    (End::In(604_800), "7 days"),
    (End::At, "Until"),
];

/// All of them. `wrong`: the claim that does not have its form; `default`: whether the organisation's sessions end with
/// their tokens.
#[component]
pub(super) fn Fields(wrong: Signal<Option<&'static str>>, default: Memo<bool>) -> impl IntoView {
    let draft = expect_context::<Draft>();
    let error = move |claim: &'static str, text: &'static str| {
        Signal::derive(move || (wrong.get() == Some(claim)).then(|| text.to_owned()))
    };
    let viewer = move || !draft.publishes();
    let named = |field: RwSignal<String>, what: Named| {
        Signal::derive(move || field.with(|text| (!text.trim().is_empty()).then_some(what)))
    };
    let doors = [Door::Playback, Door::Ingest]
        .map(|one| Choice::new(one, one.label()))
        .to_vec();
    let ends = ENDS.map(|(end, label)| Choice::new(end, label)).to_vec();
    view! {
        <Card title="What it opens">
            <div class="stack-form">
                <Choices legend="Lets" options=doors chosen=draft.door on_choose=move |one| draft.door.set(one)/>
                <Opens draft/>
                <Choices legend="Valid for" options=ends chosen=draft.end on_choose=move |one| draft.end.set(one)/>
                {move || (draft.end.get() == End::At).then(|| view! {
                    <TextField label="Until" kind="datetime-local" value=draft.until required=true hint="In your time zone; 365 days ahead at most." error=error("exp", "Say until when.")/>
                })}
                <TextField label="Not before" kind="datetime-local" value=draft.from hint="In your time zone; empty for at once." error=error("nbf", "This is no moment.")/>
            </div>
        </Card>
        <Card title="Whose it is">
            <div class="pair">
                <TextField label="Viewer" value=draft.user placeholder="customer-4711" hint="Your own id: sessions are traced by it, and all of its tokens can be revoked at once."/>
                <TextField label="Tag" value=draft.tag placeholder="newsletter" hint="A label of your own, such as the campaign or the shop."/>
            </div>
        </Card>
        <Card title="Only from">
            <div class="pair">
                <TextField label="Addresses" value=draft.ip mono=true placeholder="203.0.113.7, 2001:db8::/48" hint="One to ten addresses or networks." error=error("ip", "One to ten addresses or networks, as in 203.0.113.0/24.")/>
                <Show when=viewer>
                    <TextField label="Sites" value=draft.domains mono=true placeholder="example.com, *.example.com" hint="Up to ten hosts of pages. Players that send no page, such as VLC, are refused then." error=error("domains", "One to ten hosts, as in example.com or *.example.com.")/>
                </Show>
                <TextField label="Countries" value=draft.countries mono=true placeholder="DE, AT, CH" hint="Codes of ISO 3166-1; an unknown country is none of them." error=error("countries", "Codes of ISO 3166-1, as in DE.")/>
                <TextField label="Networks" value=draft.asns mono=true placeholder="64500, AS64501" hint="Numbers of networks (ASN); an unknown one is none of them." error=error("asns", "Numbers of networks, as in 64500.")/>
                <Unlocated named=named(draft.countries, Named::Country) so="A token that names some lets in nobody."/>
                <Unlocated named=named(draft.asns, Named::Network) so="A token that names some lets in nobody."/>
                <Show when=viewer>
                    <TextField label="Player" value=draft.agent mono=true placeholder="ExamplePlayer/3.1" hint="What it calls itself, letter by letter, or sha256: and the digest of that." error=error("ua", "The player's name, or sha256: and 64 hexadecimal digits.")/>
                </Show>
            </div>
        </Card>
        <Card title="How often">
            <div class="pair">
                <Show when=viewer>
                    <TextField label="Sessions at once" value=draft.max_sessions mono=true placeholder="2" hint="Of the viewer that it names, or of the token." error=error("maxSessions", "A number from 1 on.")/>
                    <TextField label="Locks itself to addresses" value=draft.bind_ips mono=true placeholder="1" hint="The first so many that it is used from." error=error("bindIps", "A number from 1 on.")/>
                </Show>
                <TextField label="Uses in all" value=draft.max_uses mono=true placeholder="1" hint="1 is a one-time token." error=error("maxUses", "A number from 1 on.")/>
            </div>
        </Card>
        <Card title="How it ends">
            <div class="stack-form">
                <Choices
                    legend="Running sessions, when it expires"
                    options=vec![Choice::new(None, "As the organisation says"), Choice::new(Some(true), "End"), Choice::new(Some(false), "Go on")]
                    chosen=draft.disconnect on_choose=move |one| draft.disconnect.set(one)
                />
                {move || draft.disconnect.get().is_none().then(|| view! {
                    <p class="field-hint">{if default.get() { "They end: so your organisation says." } else { "They go on for up to 24 hours: so your organisation says." }}</p>
                })}
                <Switch label="Can be revoked by itself" value=draft.revocable hint="Without it, it lives 24 hours at most; a viewer, tag or stream can be revoked all the same."/>
                <Show when=viewer>
                    <Switch label="Its holder showed a second factor" value=draft.mfa hint="For streams that ask for it."/>
                </Show>
                <Switch label="A handle too" value=draft.handle hint="24 characters that stand for it, where SRT or a camera takes no longer text."/>
            </div>
        </Card>
    }
}

/// Streams, groups, or all.
#[component]
fn Opens(draft: Draft) -> impl IntoView {
    let api = use_api();
    let all = Load::new(move || streams::all(api));
    let groups = Load::new(move || rules::groups(api));
    let streams = Signal::derive(move || {
        let all = all.value().get().unwrap_or_default();
        all.iter()
            .map(|one| (one.name.clone(), one.caption()))
            .collect::<Vec<_>>()
    });
    let groups = Signal::derive(move || {
        let groups = groups.value().get().unwrap_or_default();
        groups
            .into_iter()
            .map(|one| (one.id.into_inner(), one.name))
            .collect::<Vec<_>>()
    });
    let options = vec![
        Choice::new(Scope::Streams, "Streams"),
        Choice::new(Scope::Groups, "Groups"),
        Choice::new(Scope::All, "All streams"),
    ];
    view! {
        <Choices legend="For" options chosen=draft.scope on_choose=move |one| draft.scope.set(one)/>
        {move || match draft.scope.get() {
            Scope::Streams => view! { <Several label="Add a stream" known=streams chosen=draft.streams/> }.into_any(),
            Scope::Groups => view! { <Several label="Add a group" known=groups chosen=draft.groups/> }.into_any(),
            Scope::All => view! { <p class="field-hint">"Every stream of the organisation, those of tomorrow too."</p> }.into_any(),
        }}
    }
}

/// Several of a list: those that were chosen, each with a way to take it out again, and a list to add from.
#[component]
fn Several(label: &'static str, known: Signal<Vec<(String, String)>>, chosen: RwSignal<Vec<String>>) -> impl IntoView {
    let options = Signal::derive(move || {
        let left = known
            .get()
            .into_iter()
            .filter(|(value, _)| chosen.with(|chosen| !chosen.contains(value)));
        [(String::new(), "Choose".to_owned())]
            .into_iter()
            .chain(left)
            .collect::<Vec<_>>()
    });
    let caption = move |value: &str| {
        let found = known.with(|known| known.iter().find(|(one, _)| one == value).map(|(_, text)| text.clone()));
        found.unwrap_or_else(|| value.to_owned())
    };
    let add = move |value: String| {
        if !value.is_empty() {
            chosen.update(|chosen| chosen.push(value));
        }
    };
    view! {
        <div class="several">
            <For each=move || chosen.get() key=Clone::clone let:value>
                {
                    let kept = value.clone();
                    let shown = value.clone();
                    let name = format!("Take out {value}");
                    view! {
                        <span class="chip">
                            <span>{move || caption(&shown)}</span>
                            <button type="button" aria-label=name on:click=move |_| chosen.update(|chosen| chosen.retain(|one| *one != kept))><Icon of=icondata_lu::LuX/></button>
                        </span>
                    }
                }
            </For>
            <Select label options chosen=Signal::derive(String::new) on_choose=add/>
        </div>
    }
}
