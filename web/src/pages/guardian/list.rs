//! The table of rules.

use leptos::prelude::*;

use super::{List, may_write, scope_of};
use crate::{
    api::{
        client::use_api,
        organisation::Package,
        rules::{self, Action, Filter, Mode, Rule},
    },
    kit::{Badge, Icon, Menu, MenuItem, More, Table, Tone, When},
    pages::lacking::barred,
    time,
};

/// Rules, and what can be done to each.
#[component]
pub(super) fn RuleTable(
    load: List,
    found: Memo<Vec<Rule>>,
    filter: Memo<Filter>,
    editing: RwSignal<Option<Rule>>,
    deleting: RwSignal<Option<Rule>>,
    lacking: Signal<bool>,
) -> impl IntoView {
    let api = use_api();
    view! {
        <Table caption="Guardian rules" columns=vec!["Rule", "For", "State", "Matches", "Ends", ""]>
            <For each=move || found.get() key=|rule| format!("{rule:?}") let:rule>
                <Row rule editing deleting lacking/>
            </For>
        </Table>
        <More load ask=move |after| rules::page(api, filter.get_untracked(), after)/>
    }
}

#[component]
fn Row(
    rule: Rule,
    editing: RwSignal<Option<Rule>>,
    deleting: RwSignal<Option<Rule>>,
    lacking: Signal<bool>,
) -> impl IntoView {
    let (tone, word) = match rule.action {
        Action::Deny => (Tone::Bad, "Keep out"),
        Action::Allow => (Tone::Good, "Let in"),
    };
    let now = time::use_now();
    let ends = rule.expires_at.as_ref().map(time::millis);
    let mode = rule.mode;
    let over = Memo::new(move |_| ends.is_some_and(|ends| ends <= now.get()));
    let state_tone = Signal::derive(move || match (over.get(), mode) {
        (true, _) => Tone::Calm,
        (false, Mode::Enforce) => Tone::Live,
        (false, Mode::Monitor) => Tone::Warn,
    });
    let state = Signal::derive(move || {
        match (over.get(), mode) {
            (true, _) => "Expired",
            (false, Mode::Enforce) => "In force",
            (false, Mode::Monitor) => "Only counts",
        }
        .to_owned()
    });
    let label = format!("Actions for {}", rule.value);
    let kept = StoredValue::new(rule.clone());
    let acts = may_write(&rule).then(|| view! {
        <Menu label button=|| view! { <Icon of=icondata_lu::LuEllipsis/> }>
            <MenuItem icon=icondata_lu::LuPencil barred=barred(Package::Guardian, lacking) on_choose=move |()| editing.set(Some(kept.get_value()))>"Edit"</MenuItem>
            <MenuItem icon=icondata_lu::LuTrash2 danger=true on_choose=move |()| deleting.set(Some(kept.get_value()))>"Delete"</MenuItem>
        </Menu>
    });
    let made = rule.created_by.as_ref().map(|actor| format!("Made by {}", actor.name));
    view! {
        <tr>
            <th scope="row" title=made>
                <span class="line"><Badge tone text=word/><span class="mono rule-value">{rule.value.clone()}</span></span>
                <span class="under">{rule.kind.label()}{rule.note.clone().map(|note| format!(" · {note}"))}</span>
            </th>
            <td data-label="For"><span>{scope_of(&rule)}<span class="under">{rule.door.label()}</span></span></td>
            <td data-label="State"><Badge tone=state_tone text=state/></td>
            <td data-label="Matches"><span>{rule.matches}{rule.last_match_at.clone().map(|at| view! { <span class="under"><When at/></span> })}</span></td>
            <td data-label="Ends" class="soft">
                {match rule.expires_at {
                    Some(at) => view! { <When at/> }.into_any(),
                    None => "Never".into_any(),
                }}
            </td>
            <td class="acts">{acts}</td>
        </tr>
    }
}
