//! What may be done to one stream, by its name. All of it is alike: a name goes in, errors or nothing come out; the
//! new state arrives by subscription like everybody's.

use super::{
    client::{Api, settle},
    failure::Failure,
    people::first_error,
};

macro_rules! actions {
    ($($(#[$doc:meta])* $function:ident($named:ident) -> $payload:ident;)*) => { $(
        mod $function {
            use super::super::{people::UserError, schema};

            #[derive(cynic::InputObject, Debug)]
            pub(super) struct $named {
                pub(super) name: String,
            }

            #[derive(cynic::QueryVariables, Debug)]
            pub(super) struct Variables {
                pub(super) input: $named,
            }

            #[derive(cynic::QueryFragment, Debug)]
            #[cynic(graphql_type = "Mutation", variables = "Variables")]
            pub(super) struct Operation {
                #[arguments(input: $input)]
                pub(super) $function: Option<$payload>,
            }

            #[derive(cynic::QueryFragment, Debug)]
            pub(super) struct $payload {
                pub(super) errors: Vec<UserError>,
            }
        }

        $(#[$doc])*
        pub(crate) async fn $function(api: Api, name: &str) -> Result<(), Failure> {
            let input = $function::$named { name: name.to_owned() };
            let operation = <$function::Operation as cynic::MutationBuilder<_>>::build($function::Variables { input });
            let answer = api.mutate(operation).await?;
            settle(answer.$function, |payload| first_error(&payload.errors)).map(drop)
        }
    )* };
}

actions! {
    /// Ends the publisher and bars its key until the stream is started again.
    stop_stream(StopStreamInput) -> StopStreamPayload;
    /// Lets publishers in again.
    start_stream(StartStreamInput) -> StartStreamPayload;
    /// Stops, and refuses viewers too.
    lock_stream(LockStreamInput) -> LockStreamPayload;
    /// Lets viewers in again.
    unlock_stream(UnlockStreamInput) -> UnlockStreamPayload;
    /// Removes the stream for good.
    delete_stream(DeleteStreamInput) -> DeleteStreamPayload;
    /// Makes a new ingest key; the old one ends at once.
    rotate_ingest_key(RotateIngestKeyInput) -> RotateIngestKeyPayload;
    /// Publishes the built-in moving picture.
    start_test_source(StartTestSourceInput) -> StartTestSourcePayload;
}
