#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <utility>
#include <vector>

namespace nbkeys::cli {
namespace {

struct Flag {
  std::string text;  // "--namespace", "-n"
  std::string help;
  bool takes_value = false;
};

struct Verb {
  std::string name, help;
  std::vector<Flag> flags;
  bool takes_names = false, takes_file = false;
};

std::vector<Verb> verbs_of(const CLI::App& app) {
  std::vector<Verb> out;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    Verb verb{sub->get_name(), sub->get_description(), {}, false, false};
    for (const CLI::Option* option : sub->get_options()) {
      const bool value = option->get_items_expected_max() > 0;
      for (const std::string& name : option->get_lnames()) {
        verb.flags.push_back({"--" + name, option->get_description(), value});
      }
      for (const std::string& name : option->get_snames()) {
        verb.flags.push_back({"-" + name, option->get_description(), value});
      }
      if (option->get_positional()) {
        verb.takes_names = verb.takes_names || option->get_name() == "NAME";
        verb.takes_file = verb.takes_file || option->get_name() == "FILE";
      }
    }
    out.push_back(std::move(verb));
  }
  return out;
}

// Help text within single quotes of a shell, in one line.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c == '\n' ? ' ' : c;
    }
  }
  return "'" + out + "'";
}

std::string bash_script(const std::vector<Verb>& verbs, const std::string& function) {
  std::string names, cases;
  for (const Verb& verb : verbs) {
    names += (names.empty() ? "" : " ") + verb.name;
    std::string words;
    for (const Flag& flag : verb.flags) words += (words.empty() ? "" : " ") + flag.text;
    cases += "    " + verb.name + ") flags='" + words + "'; ";
    cases += verb.takes_names            ? "more=names"
             : verb.takes_file           ? "more=files"
             : verb.name == "completion" ? "more=shells"
                                         : "more=";
    cases += " ;;\n";
  }
  return "# bash completion for nbkeys\n" + function +
         "() {\n"
         "  local program=\"${COMP_WORDS[0]}\" word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
         "  local before=\"${COMP_WORDS[COMP_CWORD-1]}\" flags more\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W '" +
         names +
         "' -- \"$word\"))\n    return\n  fi\n"
         "  case \"${COMP_WORDS[1]}\" in\n" +
         cases +
         "    *) return ;;\n  esac\n"
         "  case \"$before\" in\n"
         "    --kubeconfig|--netbird-token-file|--netbird-ca-file)\n"
         "      COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
         "    -o|--output)\n"
         "      COMPREPLY=($(compgen -W 'table wide json yaml markdown name' -- \"$word\")); "
         "return "
         ";;\n"
         "    --color) COMPREPLY=($(compgen -W 'auto always never' -- \"$word\")); return ;;\n"
         "    --fail-below) COMPREPLY=($(compgen -W 'A B C D F' -- \"$word\")); return ;;\n"
         "  esac\n"
         "  if [[ \"$word\" == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
         "  elif [ \"$more\" = names ]; then\n"
         "    COMPREPLY=($(compgen -W \"$(\"$program\" list -o name 2>/dev/null)\" -- \"$word\"))\n"
         "  elif [ \"$more\" = files ]; then\n"
         "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "  elif [ \"$more\" = shells ]; then\n"
         "    COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\"))\n"
         "  fi\n"
         "}\n";
}

std::string zsh_script(const std::vector<Verb>& verbs, const std::string& program) {
  std::string list, cases;
  for (const Verb& verb : verbs) {
    std::string help = verb.help;
    list += "    " + quoted(verb.name + ":" + help) + "\n";
    cases += "    " + verb.name + ")\n      _arguments";
    for (const Flag& flag : verb.flags) {
      std::string described = flag.help;
      for (char& c : described) {
        if (c == '[' || c == ']' || c == ':') c = ' ';
      }
      cases += " \\\n        " + quoted("*" + flag.text + "[" + described + "]" +
                                        (flag.takes_value ? ":value:" : ""));
    }
    if (verb.takes_names) {
      cases += " \\\n        '*:name:($(" + program + " list -o name 2>/dev/null))'";
    }
    if (verb.takes_file) cases += " \\\n        '*:file:_files'";
    if (verb.name == "completion") cases += " \\\n        '1:shell:(bash zsh fish)'";
    cases += " ;;\n";
  }
  return "#compdef " + program + "\n_nbkeys() {\n  local -a verbs\n  verbs=(\n" + list +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n    _describe 'command' verbs\n    return\n  fi\n"
         "  local verb=\"$words[2]\"\n"
         "  shift words\n  (( CURRENT-- ))\n"
         "  case \"$verb\" in\n" +
         cases + "  esac\n}\ncompdef _nbkeys " + program + "\n";
}

std::string fish_script(const std::vector<Verb>& verbs, const std::string& program) {
  std::string names;
  for (const Verb& verb : verbs) names += (names.empty() ? "" : " ") + verb.name;
  const std::string head = "complete -c " + program + " ";
  std::string out = "# fish completion for nbkeys\n" + head + "-f\n";
  for (const Verb& verb : verbs) {
    out += head + "-n 'not __fish_seen_subcommand_from " + names + "' -a " + verb.name + " -d " +
           quoted(verb.help) + "\n";
    const std::string within = head + "-n '__fish_seen_subcommand_from " + verb.name + "' ";
    for (const Flag& flag : verb.flags) {
      const bool is_long = flag.text.starts_with("--");
      out += within + (is_long ? "-l " + flag.text.substr(2) : "-s " + flag.text.substr(1)) +
             (flag.takes_value ? " -r" : "") + " -d " + quoted(flag.help) + "\n";
    }
    if (verb.takes_names) out += within + "-a '(" + program + " list -o name 2>/dev/null)'\n";
    if (verb.takes_file) out += within + "-F\n";
    if (verb.name == "completion") out += within + "-a 'bash zsh fish'\n";
  }
  return out;
}

}  // namespace

base::Result<std::string> completion_script(const CLI::App& app, const std::string& shell,
                                            bool plugin) {
  const std::string program = plugin ? "kubectl-nbkeys" : "nbkeys";
  const std::vector<Verb> verbs = verbs_of(app);
  if (shell == "bash") {
    const std::string function = plugin ? "_kubectl_nbkeys" : "_nbkeys";
    return bash_script(verbs, function) + "complete -F " + function + " " + program + "\n";
  }
  if (shell == "zsh") return zsh_script(verbs, program);
  if (shell == "fish") return fish_script(verbs, program);
  return base::Error{base::ErrorCode::kInvalidInput, "completion",
                     "there is no completion for '" + shell + "', only for bash, zsh and fish"};
}

}  // namespace nbkeys::cli
