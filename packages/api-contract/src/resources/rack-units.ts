// Places in a rack as the API takes them: units from 1 at the bottom, in steps of a half.
import { z } from 'zod';

export const position = z.number().min(1).max(100).multipleOf(0.5);
export const height = z.number().min(0.5).max(60).multipleOf(0.5);
