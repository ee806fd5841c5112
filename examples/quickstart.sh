#!/bin/sh
# What comes with SameSay answers at once; then it learns the words of one house, from 201 pairs that were written by hand
# for this project, and is measured before and after on the other 99. Nothing is fetched.
set -eu

folder=${1:-quickstart}
pairs=$(dirname "$0")/tool_library.csv
rm -rf "$folder"
mkdir -p "$folder"

show() {
    printf '\n$' >&2
    for word in "$@"; do
        case $word in
        *' '*) printf ' "%s"' "$word" >&2 ;;
        *) printf ' %s' "$word" >&2 ;;
        esac
    done
    printf '\n' >&2
    "$@"
}

# The claim first, then the text that it is judged by.
show samesay score "The team won the match." "The team won the match by three goals."
show samesay score "Smoking is allowed in the rooms." "Guests must not smoke in the rooms."
show samesay score "The museum has a café." "The museum is open on Sundays."

cat <<END

That was builtin:nli, which comes with SameSay. It is right on 85 of 100 captions and on 55 of 100 everyday pairs, and some
things it cannot know: in a certain tool library a green tag means "you may take it home". It learns that from 201 pairs,
and is tested on 99 others, whose texts it has not seen.
END

show samesay train "$pairs:train" --preset builtin:nli --output "$folder/model" \
    --epochs 12 --batch-size 16 --learning-rate 1e-4 --hold-out 0

show samesay compare builtin:nli "$folder/model" --data "$pairs:test" --rounds 0
show samesay evaluate "$folder/model" "$pairs:test" --plot "$folder/after.png"

cat <<END

The model is in $folder/model; its README.md says how it was made. What to try next:

  samesay train your-pairs.csv --output my-model          pairs of your own: two texts and a label a row; 50 are a start
  samesay score $folder/model --input your-pairs.csv --output scored.csv
  samesay duplicates examples/support_questions.csv --column question
  samesay models
END
