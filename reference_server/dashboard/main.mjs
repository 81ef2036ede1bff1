/** The script of the page. */
import { start } from "./dashboard.mjs";

start();
