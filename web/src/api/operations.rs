//! How mutations are asked: their input goes in, and their errors come out as a failure.

/// One function per mutation, by the names of its input and its payload in the schema.
macro_rules! mutations {
    ($($(#[$doc:meta])* $function:ident($named:ident) -> $payload:ident;)*) => { $(
        mod $function {
            use super::{$named, $payload, schema};

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
        }

        $(#[$doc])*
        pub(crate) async fn $function(
            api: $crate::api::client::Api,
            input: $named,
        ) -> Result<$payload, $crate::api::failure::Failure> {
            let operation = <$function::Operation as cynic::MutationBuilder<_>>::build($function::Variables { input });
            let answer = api.mutate(operation).await?;
            $crate::api::client::settle(answer.$function, |payload| $crate::api::people::first_error(&payload.errors))
        }
    )* };
}

/// One function per mutation that takes nothing.
macro_rules! bare_mutations {
    ($($(#[$doc:meta])* $function:ident -> $payload:ident;)*) => { $(
        mod $function {
            use super::{$payload, schema};

            #[derive(cynic::QueryFragment, Debug)]
            #[cynic(graphql_type = "Mutation")]
            pub(super) struct Operation {
                pub(super) $function: Option<$payload>,
            }
        }

        $(#[$doc])*
        pub(crate) async fn $function(
            api: $crate::api::client::Api,
        ) -> Result<$payload, $crate::api::failure::Failure> {
            let operation = <$function::Operation as cynic::MutationBuilder<_>>::build(());
            let answer = api.mutate(operation).await?;
            $crate::api::client::settle(answer.$function, |payload| $crate::api::people::first_error(&payload.errors))
        }
    )* };
}

pub(super) use {bare_mutations, mutations};
