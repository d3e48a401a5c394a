//! One file per group of verbs; here they are told apart.

mod audit;
mod check;
mod clock;
mod completion;
mod data;
mod documents;
mod export;
mod import;
mod job;
mod local;
mod members;
mod metadata;
mod package;
mod plugin;
mod profile;
mod provider;
mod schema;
mod serve;
mod tenant;
mod typegen;

use crate::args::{Args, DocumentsVerb, SchemaVerb, Verb};
use crate::output::{Exit, Output};

/// Does what was asked.
pub(crate) async fn run(args: &Args, output: &Output) -> anyhow::Result<Exit> {
    match &args.verb {
        Verb::Serve { listen, plugins, plugin_faults, trust, rate, connections, outside } => {
            serve::serve(args, output, *listen, (plugins, *plugin_faults, trust), (*rate, *connections, outside)).await
        }
        Verb::Version => {
            let version = env!("CARGO_PKG_VERSION");
            output.result(&serde_json::json!({ "version": version }), format!("tenon {version}"));
            Ok(Exit::Done)
        }
        Verb::Completion { shell } => Ok(completion::completion(output, *shell)),
        Verb::Login => profile::login(args, output),
        Verb::Profile(verb) => profile::profile(output, verb),
        Verb::Check { dir } => check::check(output, dir),
        Verb::Plan { dir, prune, out, exit_code } => metadata::plan(args, output, dir, *prune, (out.as_deref(), *exit_code)),
        Verb::Apply { dir, prune, plan, confirm } => metadata::apply(args, output, dir, *prune, (plan.as_deref(), confirm)),
        Verb::Pull { dir, layer } => metadata::pull(args, output, dir, layer),
        Verb::Import { object, mapping, file, resume, dry_run, on_match, error_file } => {
            let upload = import::Upload {
                object: object.as_deref(),
                mapping: mapping.as_deref(),
                file: file.as_deref(),
                resume: resume.as_deref(),
                dry_run: *dry_run,
                on_match: on_match.as_deref(),
                error_file: error_file.as_deref(),
            };
            import::import(args, output, &upload)
        }
        Verb::Export { object, format, columns, filter, order_by, locale, labels, out } => {
            let wanted = export::Wanted {
                object,
                format,
                columns,
                filter: filter.as_deref(),
                order_by: order_by.as_deref(),
                locale: locale.as_deref(),
                labels: *labels,
                out: out.as_deref(),
            };
            export::export(args, output, &wanted)
        }
        Verb::Query { document, variables, explain } => data::query(args, output, document, variables, *explain),
        Verb::Schema(SchemaVerb::Print) => schema::print(args, output),
        Verb::Schema(SchemaVerb::Diff { file }) => schema::diff(args, output, file),
        Verb::Schema(SchemaVerb::Usage { of, days, former }) => schema::usage(args, output, (of.as_deref(), *days, *former)),
        Verb::Typegen { lang, out } => typegen::typegen(args, output, *lang, out.as_deref()),
        Verb::Documents(DocumentsVerb::Push { file }) => documents::push(args, output, file),
        Verb::Doctor { fix } => local::doctor(args, output, *fix).await,
        Verb::Tenant(verb) => tenant::tenant(args, output, verb).await,
        Verb::Audit(verb) => audit::audit(args, output, verb).await,
        Verb::Clock(verb) => clock::clock(args, output, verb),
        Verb::Job(verb) => job::job(args, output, verb),
        Verb::Package(verb) => package::package(args, output, verb),
        Verb::Plugin(verb) => plugin::plugin(args, output, verb).await,
        Verb::Key(verb) => members::key(args, output, verb).await,
        Verb::Provider(verb) => provider::provider(args, output, verb),
        Verb::User(verb) => members::user(args, output, verb).await,
    }
}
