//! `tenon completion`: a script that completes verbs and flags, made of the command line's own description.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::{Command, CommandFactory};
use serde_json::json;

use crate::args::{Args, Shell};
use crate::output::{Exit, Output};

/// Words that may follow, by the verbs before them: `""`, `tenant`, `tenant create`.
type Words = BTreeMap<String, Vec<String>>;

/// Prints the script of a shell.
pub(crate) fn completion(output: &Output, shell: Shell) -> Exit {
    let script = script(shell);
    output.result(&json!({ "script": script }), script.trim_end());
    Exit::Done
}

fn script(shell: Shell) -> String {
    let mut command = Args::command();
    command.build();
    let mut words = Words::new();
    gather(&command, "", &mut words);
    match shell {
        Shell::Bash => bash(&words),
        // Zsh reads the script of bash, once it is told to.
        Shell::Zsh => format!("autoload -U +X bashcompinit && bashcompinit\n{}", bash(&words)),
        Shell::Fish => fish(&words),
    }
}

fn gather(command: &Command, path: &str, words: &mut Words) {
    let verbs = || command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set());
    let flags = command.get_arguments().filter(|flag| !flag.is_hide_set()).filter_map(|flag| Some(format!("--{}", flag.get_long()?)));
    let mut here: Vec<String> = verbs().map(|verb| verb.get_name().to_owned()).chain(flags).collect();
    for value in command.get_positionals().flat_map(clap::Arg::get_possible_values) {
        here.push(value.get_name().to_owned());
    }
    words.insert(path.to_owned(), here);
    for verb in verbs() {
        gather(verb, format!("{path} {}", verb.get_name()).trim(), words);
    }
}

fn bash(words: &Words) -> String {
    let mut script = String::from(
        "_tenon() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" next at\n  for ((at = 1; at < COMP_CWORD; at++)); do\n    \
         next=\"${path:+$path }${COMP_WORDS[at]}\"\n    case \"$next\" in\n",
    );
    // Writing to a string cannot fail.
    for path in words.keys().filter(|path| !path.is_empty()) {
        writeln!(script, "      \"{path}\") path=\"$next\" ;;").unwrap_or_default();
    }
    script.push_str("    esac\n  done\n  local words=\"\"\n  case \"$path\" in\n");
    for (path, here) in words {
        writeln!(script, "    \"{path}\") words=\"{}\" ;;", here.join(" ")).unwrap_or_default();
    }
    script.push_str("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -o default -F _tenon tenon\n");
    script
}

fn fish(words: &Words) -> String {
    let mut script = String::new();
    for (path, here) in words {
        let above: Vec<&str> = path.split(' ').filter(|verb| !verb.is_empty()).collect();
        let mut conditions: Vec<String> = above.iter().map(|verb| format!("__fish_seen_subcommand_from {verb}")).collect();
        let verbs: Vec<&str> = here.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
        if !verbs.is_empty() {
            conditions.push(format!("not __fish_seen_subcommand_from {}", verbs.join(" ")));
            writeln!(script, "complete -c tenon -n '{}' -a '{}'", conditions.join("; and "), verbs.join(" ")).unwrap_or_default();
            conditions.pop();
        }
        for flag in here.iter().filter_map(|word| word.strip_prefix("--")) {
            match conditions.as_slice() {
                [] => writeln!(script, "complete -c tenon -l {flag}"),
                conditions => writeln!(script, "complete -c tenon -n '{}' -l {flag}", conditions.join("; and ")),
            }
            .unwrap_or_default();
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What bash proposes after these words.
    fn proposed(words: &[&str]) -> Vec<String> {
        let line = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
        let asked = format!(
            "{}\nCOMP_WORDS=(tenon {line}); COMP_CWORD={}; _tenon; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            script(Shell::Bash),
            words.len()
        );
        let said = Command::new("bash").args(["-c", &asked]).output().expect("a machine that builds this has bash");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).lines().map(str::to_owned).collect()
    }

    #[test]
    fn bash_completes_verbs_below_verbs() {
        assert_eq!(proposed(&["tenant", "cr"]), ["create"]);
        assert_eq!(proposed(&["completion", "z"]), ["zsh"]);
        assert_eq!(proposed(&["--json", "tenant", "create", "--sand"]), ["--sandbox"]);
        assert!(proposed(&["ex"]).contains(&"export".to_owned()));
    }

    #[test]
    fn the_scripts_know_every_verb() {
        for verb in Args::command().get_subcommands() {
            for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
                assert!(script(shell).contains(verb.get_name()), "{} in {shell:?}", verb.get_name());
            }
        }
    }
}
