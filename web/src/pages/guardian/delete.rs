//! Deleting a rule: asked before, since it takes effect at once.

use leptos::prelude::*;

use super::List;
use crate::{
    api::{
        client::use_api,
        rules::{self, Action, DeleteGuardianRuleInput, Rule},
    },
    kit::{Confirm, Doing, use_toasts},
};

/// Asks whether the rule that `asked` holds is to go.
#[component]
pub(super) fn Delete(asked: RwSignal<Option<Rule>>, load: List) -> impl IntoView {
    let (api, toasts, doing) = (use_api(), use_toasts(), Doing::new());
    let open = RwSignal::new(false);
    let rule = RwSignal::new(None::<Rule>);
    Effect::new(move |_| {
        if let Some(one) = asked.get() {
            asked.set(None);
            doing.forget();
            rule.set(Some(one));
            open.set(true);
        }
    });
    let confirm = move |()| {
        let Some(Rule { id, .. }) = rule.get_untracked() else {
            return;
        };
        doing.run(
            rules::delete_guardian_rule(api, DeleteGuardianRuleInput { id }),
            move |payload| {
                open.set(false);
                load.again();
                toasts.good(super::form::done("The rule is gone", payload.change.as_ref()));
            },
        );
    };
    let effect = move || {
        rule.get().map(|rule| {
            let effect = match rule.action {
                Action::Deny => "Whoever it keeps out can come back at once.",
                Action::Allow => "Whoever it lets in is judged by the other rules at once, and may be cut off.",
            };
            view! { <p class="mono">{rule.value}</p><p>{effect}" Its count of matches goes with it."</p> }
        })
    };
    view! {
        <Confirm open title="Delete this rule?" action="Delete rule" busy=doing.busy failure=doing.failure on_confirm=confirm>
            {effect}
        </Confirm>
    }
}
