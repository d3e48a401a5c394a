/**
 * The first module of every component: seals time, chance and the world outside before an author's modules run.
 */
import { install } from "./globals.ts";

install();
