// The shared table's page.
import { open } from "./table.js";

open();
