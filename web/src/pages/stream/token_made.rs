//! A token just made: the one time that it is seen, as a link, as itself, and as a player for another site.

use leptos::prelude::*;

use crate::{
    api::tokens::{Made, Severity},
    browser,
    kit::{Button, CopyField, Look, Notice, Tone},
};

/// Link, token, snippet, and what the linter says.
#[component]
pub(super) fn TokenMade(made: Made, #[prop(into)] name: Signal<String>, open: RwSignal<bool>) -> impl IntoView {
    let (origin, name) = (browser::origin(), name.get_untracked());
    // The token stands in the fragment, which browsers send to nobody.
    let link = format!("{origin}/watch#stream={name}&token={}", made.token);
    let snippet = format!(
        "<script type=\"module\" src=\"{origin}/player.js\"></script>\n<portcullis-player src=\"{origin}/live/{name}\" token=\"{}\"></portcullis-player>",
        made.token
    );
    view! {
        <div class="dialog-body">
            <Notice tone=Tone::Warn>"It is shown this once. Only its record is kept, so it cannot be shown again."</Notice>
            <CopyField label="Watch link" value=link.clone()/>
            <CopyField label="Token" value=made.token lines=true/>
            <details class="more-ways">
                <summary>"Player for your own site"</summary>
                <CopyField label="HTML" value=snippet lines=true/>
            </details>
            {(!made.advice.is_empty()).then(|| view! {
                <section class="advice">
                    <h3>"Advice"</h3>
                    <ul>
                        {made.advice.into_iter().map(|advice| {
                            let (tone, word) = match advice.severity {
                                Severity::Info => (Tone::Calm, "Note"),
                                Severity::Warn => (Tone::Warn, "Weak"),
                                Severity::Fail => (Tone::Bad, "Risky"),
                            };
                            view! { <li><crate::kit::Badge tone text=word/><span>{crate::api::failure::sentence(&advice.message)}</span></li> }
                        }).collect_view()}
                    </ul>
                </section>
            })}
        </div>
        <footer class="dialog-foot">
            <a class="btn" href=link target="_blank" rel="noopener">"Watch with it"</a>
            <Button look=Look::Primary on_press=move |_| open.set(false)>"Done"</Button>
        </footer>
    }
}
