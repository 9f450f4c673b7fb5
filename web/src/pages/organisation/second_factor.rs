//! Whether the organisation wants a second factor of its people.

use leptos::prelude::*;

use crate::{
    api::{account, client::use_api, organisation},
    kit::{Button, Card, Confirm, Doing, Load, Loaded, Look, Skeleton, Trouble, use_toasts},
    session::use_session,
};

/// The switch. Only who showed a second factor may turn it on: nobody locks themselves out.
#[component]
pub(super) fn SecondFactor() -> impl IntoView {
    let (api, session, toasts, doing) = (use_api(), use_session(), use_toasts(), Doing::new());
    let load = Load::new(move || async move {
        let security = account::security(api).await?;
        let shown = security.sign_ins.iter().any(|one| one.current && one.second_factor);
        Ok((organisation::overview(api).await?, shown))
    });
    let has_shown = move || load.value().with(|now| now.as_ref().is_some_and(|(_, shown)| *shown));
    let required = move || {
        load.value()
            .with(|now| now.as_ref().is_some_and(|(now, _)| now.settings.second_factor_required))
    };
    let asking = RwSignal::new(false);
    let set = move |to: bool| {
        let change = organisation::update_settings(
            api,
            organisation::UpdateSettingsInput {
                second_factor_required: Some(to),
                ..organisation::UpdateSettingsInput::default()
            },
        );
        doing.run(change, move |_| {
            asking.set(false);
            load.again();
            session.recheck();
            toasts.good(if to {
                "A second factor is required now."
            } else {
                "A second factor is not required any more."
            });
        });
    };
    view! {
        <Card title="Second factor">
            <Loaded load skeleton=|| view! { <Skeleton lines=2/> }>
                <div class="stack">
                    <p class="soft">{move || if required() {
                        "Required: who has no second factor sets one up before anything of this organisation opens."
                    } else {
                        "Not required: each person decides whether to use one."
                    }}</p>
                    <div>
                        {move || if required() {
                            view! { <Button busy=doing.busy on_press=move |_| set(false)>"Do not require it any more"</Button> }.into_any()
                        } else if !has_shown() {
                            view! {
                                <p class="soft">"Sign in with a second factor yourself before you require it of everybody. "<a class="quiet-link" href="/account/security">"Your second factor"</a></p>
                            }.into_any()
                        } else {
                            view! { <Button look=Look::Primary on_press=move |_| { doing.forget(); asking.set(true); }>"Require a second factor"</Button> }.into_any()
                        }}
                    </div>
                    {move || (!asking.get()).then(|| view! { <Trouble doing/> })}
                </div>
            </Loaded>
        </Card>
        <Confirm open=asking title="Require a second factor?" action="Require it" busy=doing.busy failure=doing.failure on_confirm=move |()| set(true)>
            <p>"From now on the organisation is closed to every sign-in without one: whoever has none sets one up under Account, and is then let in again. API tokens go on."</p>
        </Confirm>
    }
}
