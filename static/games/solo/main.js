// The page of a player's own rounds: the shared table's parts, and the player's seeds.
import { open } from "../crash/table.js";
import { Seeds } from "./seeds.js";

open([(ask) => new Seeds(document.querySelector("#seeds"), ask)]);
