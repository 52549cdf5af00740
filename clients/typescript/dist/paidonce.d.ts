// The client of the paidonce API (MIT; with openapi-fetch, see LICENSE.openapi-fetch), made by `make client`; inputs sha256 3023292ab8cbc3897f0299d0d56590062cee059e644c9de6cdb407148dfb9312
export type HttpMethod = "get" | "put" | "post" | "delete" | "options" | "head" | "patch" | "trace";
export type OkStatus = 200 | 201 | 202 | 203 | 204 | 206 | 207 | "2XX";
export type ErrorStatus = 500 | 501 | 502 | 503 | 504 | 505 | 506 | 507 | 508 | 510 | 511 | "5XX" | 400 | 401 | 402 | 403 | 404 | 405 | 406 | 407 | 408 | 409 | 410 | 411 | 412 | 413 | 414 | 415 | 416 | 417 | 418 | 420 | 421 | 422 | 423 | 424 | 425 | 426 | 427 | 428 | 429 | 430 | 431 | 444 | 450 | 451 | 497 | 498 | 499 | "4XX" | "default";
export type PathsWithMethod<Paths extends {}, PathnameMethod extends HttpMethod> = {
	[Pathname in keyof Paths]: Paths[Pathname] extends {
		[K in PathnameMethod]: any;
	} ? Pathname : never;
}[keyof Paths];
export type ResponseObjectMap<T> = T extends {
	responses: any;
} ? T["responses"] : unknown;
export type ResponseContent<T> = T extends {
	content: any;
} ? T["content"] : unknown;
export type OperationRequestBody<T> = "requestBody" extends keyof T ? T["requestBody"] : never;
export type PickRequestBody<T> = "requestBody" extends keyof T ? Pick<T, "requestBody"> : never;
export type IsOperationRequestBodyOptional<T> = RequiredKeysOf<PickRequestBody<T>> extends never ? true : false;
export type OperationRequestBodyMediaContent<T> = IsOperationRequestBodyOptional<T> extends true ? ResponseContent<NonNullable<OperationRequestBody<T>>> | undefined : ResponseContent<OperationRequestBody<T>>;
export type OperationRequestBodyContent<T> = FilterKeys<OperationRequestBodyMediaContent<T>, MediaType> extends never ? FilterKeys<NonNullable<OperationRequestBodyMediaContent<T>>, MediaType> | undefined : FilterKeys<OperationRequestBodyMediaContent<T>, MediaType>;
export type SuccessResponse<T extends Record<string | number, any>, Media extends MediaType = MediaType> = GetResponseContent<T, Media, OkStatus>;
export type GetResponseContent<T extends Record<string | number, any>, Media extends MediaType = MediaType, ResponseCode extends keyof T = keyof T> = ResponseCode extends keyof T ? {
	[K in ResponseCode]: T[K]["content"] extends Record<string, any> ? FilterKeys<T[K]["content"], Media> extends never ? T[K]["content"] : FilterKeys<T[K]["content"], Media> : K extends keyof T ? T[K]["content"] : never;
}[ResponseCode] : never;
export type ErrorResponse<T extends Record<string | number, any>, Media extends MediaType = MediaType> = GetResponseContent<T, Media, ErrorStatus>;
export type FilterKeys<Obj, Matchers> = Obj[keyof Obj & Matchers];
export type MediaType = `${string}/${string}`;
export type RequiredKeysOfHelper<T> = {
	[K in keyof T]: {} extends Pick<T, K> ? never : K;
}[keyof T];
export type RequiredKeysOf<T> = RequiredKeysOfHelper<T> extends undefined ? never : RequiredKeysOfHelper<T>;
export type $Read<T> = {
	readonly $read: T;
};
export type $Write<T> = {
	readonly $write: T;
};
export type Readable<T> = T extends $Write<any> ? never : T extends $Read<infer U> ? Readable<U> : T extends (infer E)[] ? Readable<E>[] : T extends object ? {
	[K in keyof T as NonNullable<T[K]> extends $Write<any> ? never : K]: Readable<T[K]>;
} : T;
export type Writable<T> = T extends $Read<any> ? never : T extends $Write<infer U> ? Writable<U> : T extends (infer E)[] ? Writable<E>[] : T extends object ? {
	[K in keyof T as NonNullable<T[K]> extends $Read<any> ? never : K]: Writable<T[K]>;
} & {
	[K in keyof T as NonNullable<T[K]> extends $Read<any> ? K : never]?: never;
} : T;
/** Options for each client instance */
export interface ClientOptions extends Omit<RequestInit, "headers"> {
	/** set the common root URL for all API requests */
	baseUrl?: string;
	/** custom fetch (defaults to globalThis.fetch) */
	fetch?: (input: Request) => Promise<Response>;
	/** custom Request (defaults to globalThis.Request) */
	Request?: typeof Request;
	/** global querySerializer */
	querySerializer?: QuerySerializer<unknown> | QuerySerializerOptions;
	/** global bodySerializer */
	bodySerializer?: BodySerializer<unknown>;
	/** global pathSerializer */
	pathSerializer?: PathSerializer;
	headers?: HeadersOptions;
	/** RequestInit extension object to pass as 2nd argument to fetch when supported (defaults to undefined) */
	requestInitExt?: Record<string, unknown>;
}
export type HeadersOptions = Required<RequestInit>["headers"] | Record<string, string | number | boolean | (string | number | boolean)[] | null | undefined>;
export type QuerySerializer<T> = (query: T extends {
	parameters: any;
} ? NonNullable<T["parameters"]["query"]> : Record<string, unknown>) => string;
/** @see https://swagger.io/docs/specification/serialization/#query */
export type QuerySerializerOptions = {
	/** Set serialization for arrays. @see https://swagger.io/docs/specification/serialization/#query */
	array?: {
		/** default: "form" */
		style: "form" | "spaceDelimited" | "pipeDelimited";
		/** default: true */
		explode: boolean;
	};
	/** Set serialization for objects. @see https://swagger.io/docs/specification/serialization/#query */
	object?: {
		/** default: "deepObject" */
		style: "form" | "deepObject";
		/** default: true */
		explode: boolean;
	};
	/**
	 * The `allowReserved` keyword specifies whether the reserved characters
	 * `:/?#[]@!$&'()*+,;=` in parameter values are allowed to be sent as they
	 * are, or should be percent-encoded. By default, allowReserved is `false`,
	 * and reserved characters are percent-encoded.
	 * @see https://swagger.io/docs/specification/serialization/#query
	 */
	allowReserved?: boolean;
};
export type BodySerializer<T> = (body: OperationRequestBodyContent<T>) => any;
export type PathSerializer = (pathname: string, pathParams: Record<string, unknown>) => string;
export type BodyType<T = unknown> = {
	json: T;
	text: Awaited<ReturnType<Response["text"]>>;
	blob: Awaited<ReturnType<Response["blob"]>>;
	arrayBuffer: Awaited<ReturnType<Response["arrayBuffer"]>>;
	stream: Response["body"];
};
export type ParseAs = keyof BodyType;
export type ParseAsResponse<T, Options> = Options extends {
	parseAs: ParseAs;
} ? BodyType<T>[Options["parseAs"]] : T;
export interface DefaultParamsOption {
	params?: {
		query?: Record<string, unknown>;
	};
}
export type ParamsOption<T> = T extends {
	parameters: any;
} ? RequiredKeysOf<T["parameters"]> extends never ? {
	params?: T["parameters"];
} : {
	params: T["parameters"];
} : DefaultParamsOption;
// Writable<T> strips $Read markers (readOnly properties excluded from request body)
export type RequestBodyOption<T> = Writable<OperationRequestBodyContent<T>> extends never ? {
	body?: never;
} : IsOperationRequestBodyOptional<T> extends true ? {
	body?: Writable<OperationRequestBodyContent<T>>;
} : {
	body: Writable<OperationRequestBodyContent<T>>;
};
export type FetchOptions<T> = RequestOptions<T> & Omit<RequestInit, "body" | "headers">;
// Readable<T> strips $Write markers (writeOnly properties excluded from response)
export type FetchResponse<T extends Record<string | number, any>, Options, Media extends MediaType> = {
	data: ParseAsResponse<Readable<SuccessResponse<ResponseObjectMap<T>, Media>>, Options>;
	error?: never;
	response: Response;
} | {
	data?: never;
	error: Readable<ErrorResponse<ResponseObjectMap<T>, Media>>;
	response: Response;
};
export type RequestOptions<T> = ParamsOption<T> & RequestBodyOption<T> & {
	baseUrl?: string;
	querySerializer?: QuerySerializer<T> | QuerySerializerOptions;
	bodySerializer?: BodySerializer<T>;
	pathSerializer?: PathSerializer;
	parseAs?: ParseAs;
	fetch?: ClientOptions["fetch"];
	headers?: HeadersOptions;
	middleware?: Middleware[];
};
export type MergedOptions<T = unknown> = {
	baseUrl: string;
	parseAs: ParseAs;
	querySerializer: QuerySerializer<T>;
	bodySerializer: BodySerializer<T>;
	pathSerializer: PathSerializer;
	fetch: typeof globalThis.fetch;
};
export interface MiddlewareRequestParams {
	query?: Record<string, unknown>;
	header?: Record<string, unknown>;
	path?: Record<string, unknown>;
	cookie?: Record<string, unknown>;
}
export interface MiddlewareCallbackParams {
	/** Current Request object */
	request: Request;
	/** The original OpenAPI schema path (including curly braces) */
	readonly schemaPath: string;
	/** OpenAPI parameters as provided from openapi-fetch */
	readonly params: MiddlewareRequestParams;
	/** Unique ID for this request */
	readonly id: string;
	/** createClient options (read-only) */
	readonly options: MergedOptions;
}
export type MiddlewareOnRequest = (options: MiddlewareCallbackParams) => void | Request | Response | undefined | Promise<Request | Response | undefined | void>;
export type MiddlewareOnResponse = (options: MiddlewareCallbackParams & {
	response: Response;
}) => void | Response | undefined | Promise<Response | undefined | void>;
export type MiddlewareOnError = (options: MiddlewareCallbackParams & {
	error: unknown;
}) => void | Response | Error | Promise<void | Response | Error>;
export type Middleware = {
	onRequest: MiddlewareOnRequest;
	onResponse?: MiddlewareOnResponse;
	onError?: MiddlewareOnError;
} | {
	onRequest?: MiddlewareOnRequest;
	onResponse: MiddlewareOnResponse;
	onError?: MiddlewareOnError;
} | {
	onRequest?: MiddlewareOnRequest;
	onResponse?: MiddlewareOnResponse;
	onError: MiddlewareOnError;
};
/** This type helper makes the 2nd function param required if params/requestBody are required; otherwise, optional */
export type MaybeOptionalInit<Params, Location extends keyof Params> = RequiredKeysOf<FetchOptions<FilterKeys<Params, Location>>> extends never ? FetchOptions<FilterKeys<Params, Location>> | undefined : FetchOptions<FilterKeys<Params, Location>>;
// The final init param to accept.
// - Determines if the param is optional or not.
// - Performs arbitrary [key: string] addition.
// Note: the addition MUST happen after all the inference happens (otherwise TS can’t infer if init is required or not).
export type InitParam<Init> = RequiredKeysOf<Init> extends never ? [
	(Init & {
		[key: string]: unknown;
	})?
] : [
	Init & {
		[key: string]: unknown;
	}
];
export type ClientMethod<Paths extends Record<string, Record<HttpMethod, {}>>, Method extends HttpMethod, Media extends MediaType> = <Path extends PathsWithMethod<Paths, Method>, Init extends MaybeOptionalInit<Paths[Path], Method>>(url: Path, ...init: InitParam<Init>) => Promise<FetchResponse<Paths[Path][Method], Init, Media>>;
export type ClientRequestMethod<Paths extends Record<string, Record<HttpMethod, {}>>, Media extends MediaType> = <Method extends HttpMethod, Path extends PathsWithMethod<Paths, Method>, Init extends MaybeOptionalInit<Paths[Path], Method>>(method: Method, url: Path, ...init: InitParam<Init>) => Promise<FetchResponse<Paths[Path][Method], Init, Media>>;
export interface Client<Paths extends {}, Media extends MediaType = MediaType> {
	request: ClientRequestMethod<Paths, Media>;
	/** Call a GET endpoint */
	GET: ClientMethod<Paths, "get", Media>;
	/** Call a PUT endpoint */
	PUT: ClientMethod<Paths, "put", Media>;
	/** Call a POST endpoint */
	POST: ClientMethod<Paths, "post", Media>;
	/** Call a DELETE endpoint */
	DELETE: ClientMethod<Paths, "delete", Media>;
	/** Call a OPTIONS endpoint */
	OPTIONS: ClientMethod<Paths, "options", Media>;
	/** Call a HEAD endpoint */
	HEAD: ClientMethod<Paths, "head", Media>;
	/** Call a PATCH endpoint */
	PATCH: ClientMethod<Paths, "patch", Media>;
	/** Call a TRACE endpoint */
	TRACE: ClientMethod<Paths, "trace", Media>;
	/** Register middleware */
	use(...middleware: Middleware[]): void;
	/** Unregister middleware */
	eject(...middleware: Middleware[]): void;
}
export interface paths {
	"/api/checkout/create-session": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay for a bid of a row
		 * @description Called as a buyer.
		 */
		post: operations["createBidSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/payments/checkout/create": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay for an auction
		 * @description Called as a buyer.
		 */
		post: operations["createAuctionSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/orders/{orderId}/checkout": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay an order
		 * @description Called as a buyer.
		 */
		post: operations["createOrderSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout/embedded-session": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay for a product on an embedded page
		 * @description Called without authentication.
		 */
		post: operations["createProductSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay for content
		 * @description Called as a buyer.
		 */
		post: operations["createContentSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout/quote": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay a quote
		 * @description Called without authentication.
		 */
		post: operations["createQuoteSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout/auction": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay for an offer of the kind auction
		 * @description Called as a buyer.
		 */
		post: operations["createAnyAuctionSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout/bid": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay for an offer of the kind bid
		 * @description Called as a buyer.
		 */
		post: operations["createAnyBidSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout/content": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay for an offer of the kind content
		 * @description Called as a buyer.
		 */
		post: operations["createAnyContentSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout/order": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay for an offer of the kind order
		 * @description Called as a buyer.
		 */
		post: operations["createAnyOrderSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout/product": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Pay for an offer of the kind product
		 * @description Called as a buyer.
		 */
		post: operations["createAnyProductSession"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout/session-status": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Get the status of a Checkout Session
		 * @description Called without authentication.
		 */
		get: operations["getSessionStatus"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/checkout/payment-status": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Get the status of a payment
		 * @description Called without authentication.
		 */
		get: operations["getPaymentStatus"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/payments/sessions/{paymentSessionId}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Get a payment session
		 * @description Called as a buyer.
		 */
		get: operations["getPaymentSession"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/payments/sessions/{paymentSessionId}/cancel": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Cancel a payment
		 * @description Called as a buyer.
		 */
		post: operations["cancelPayment"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/purchases": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * List purchases
		 * @description Called as a buyer.
		 */
		get: operations["listPurchases"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/purchases/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Show a purchase
		 * @description Called as a buyer.
		 */
		get: operations["getPurchase"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/purchases/{id}/refund": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Refund a purchase
		 * @description Called as an operator.
		 */
		post: operations["refundPurchase"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/access/{kind}/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Check access
		 * @description Called as a buyer.
		 */
		get: operations["checkAccess"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/creators/{creatorId}/revenue": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Show a creator's revenue
		 * @description Called as the creator or an operator.
		 */
		get: operations["getRevenue"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/creators/{creatorId}/purchases": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * List a creator's purchases
		 * @description Called as the creator or an operator.
		 */
		get: operations["listSales"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/orders/{orderId}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Show an order
		 * @description Called as a buyer.
		 */
		get: operations["getOrder"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/{kind}/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Show an offer
		 * @description Called without authentication.
		 */
		get: operations["getOffer"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/me/offers/{kind}/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Show an offer to its buyer
		 * @description Called as a buyer.
		 */
		get: operations["getOfferForMe"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/rows/{rowId}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Show a row
		 * @description Called as a buyer.
		 */
		get: operations["getRow"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/auction/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		/**
		 * Write an offer: auction
		 * @description Called as a writer.
		 */
		put: operations["putAuction"];
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/auction": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * List offers: auction
		 * @description Called as a writer.
		 */
		get: operations["listAuctionOffers"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/bid/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		/**
		 * Write an offer: bid
		 * @description Called as a writer.
		 */
		put: operations["putBid"];
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/bid": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * List offers: bid
		 * @description Called as a writer.
		 */
		get: operations["listBidOffers"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/content/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		/**
		 * Write an offer: content
		 * @description Called as a writer.
		 */
		put: operations["putContent"];
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/content": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * List offers: content
		 * @description Called as a writer.
		 */
		get: operations["listContentOffers"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/order/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		/**
		 * Write an offer: order
		 * @description Called as a writer.
		 */
		put: operations["putOrder"];
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/order": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * List offers: order
		 * @description Called as a writer.
		 */
		get: operations["listOrderOffers"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/product/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		/**
		 * Write an offer: product
		 * @description Called as a writer.
		 */
		put: operations["putProduct"];
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/product": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * List offers: product
		 * @description Called as a writer.
		 */
		get: operations["listProductOffers"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/quote/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		/**
		 * Write an offer: quote
		 * @description Called as a writer.
		 */
		put: operations["putQuote"];
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/quote": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * List offers: quote
		 * @description Called as a writer.
		 */
		get: operations["listQuoteOffers"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/row/{id}": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		/**
		 * Write an offer: row
		 * @description Called as a writer.
		 */
		put: operations["putRow"];
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/row": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * List offers: row
		 * @description Called as a writer.
		 */
		get: operations["listRowOffers"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/offers/{kind}/{id}/withdraw": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Withdraw an offer
		 * @description Called as a writer.
		 */
		post: operations["withdrawOffer"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/api/webhooks/stripe": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Receive an event of Stripe
		 * @description Called as Stripe.
		 */
		post: operations["receiveEventApiWebhooksStripe"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/payments/webhooks/stripe": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Receive an event of Stripe
		 * @description Called as Stripe.
		 */
		post: operations["receiveEventPaymentsWebhooksStripe"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/webhooks/stripe": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Receive an event of Stripe
		 * @description Called as Stripe.
		 */
		post: operations["receiveEventWebhooksStripe"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/webhook": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		get?: never;
		put?: never;
		/**
		 * Receive an event of Stripe
		 * @description Called as Stripe.
		 */
		post: operations["receiveEventWebhook"];
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
	"/openapi.json": {
		parameters: {
			query?: never;
			header?: never;
			path?: never;
			cookie?: never;
		};
		/**
		 * Get this document
		 * @description Called without authentication.
		 */
		get: operations["getOpenApi"];
		put?: never;
		post?: never;
		delete?: never;
		options?: never;
		head?: never;
		patch?: never;
		trace?: never;
	};
}
export interface components {
	schemas: {
		Access: {
			hasAccess: boolean;
		};
		Address: {
			line1?: string;
			line2?: string;
			postal_code?: string;
			city?: string;
			state?: string;
			country?: string;
		};
		AfterExpiration: {
			recovery: components["schemas"]["Recovery"];
		};
		AgreedQuote: {
			quote_id: string;
			price_cents: number;
			currency: string;
			/** Format: date-time */
			expires_at: string;
		};
		/** @description An auction; once it is accepted, its winner has a day to pay. */
		AuctionOffer: {
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string | null;
			/** @description Shown on Stripe's page. */
			image_url?: string | null;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string | null;
			/**
			 * @description The platform's share, in parts of ten thousand.
			 * @default 0
			 */
			platform_fee_bps?: number;
			/**
			 * @description The organization's share; together with the platform's at most 10000.
			 * @default 0
			 */
			organization_fee_bps?: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"] | null;
			/**
			 * @description `accepted`: the winner can pay.
			 * @enum {string}
			 */
			status: "open" | "accepted" | "withdrawn";
			/** @description Required once accepted. */
			price?: components["schemas"]["Price"] | null;
			/** @description The buyer who may pay. Required once accepted. */
			winner_id?: string | null;
			/** @description The winner can pay for 24 hours from then on. Required once accepted. */
			accepted_at?: string | null;
		};
		AuctionPage: {
			/** @description `null` on the last page. */
			next_cursor: string | null;
			data: components["schemas"]["StoredAuction"][];
		};
		/** @description An offer of a merchant or of a service provider on a buyer's row. */
		BidOffer: {
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string | null;
			/** @description Shown on Stripe's page. */
			image_url?: string | null;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string | null;
			/**
			 * @description The platform's share, in parts of ten thousand.
			 * @default 0
			 */
			platform_fee_bps?: number;
			/**
			 * @description The organization's share; together with the platform's at most 10000.
			 * @default 0
			 */
			organization_fee_bps?: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"] | null;
			/** @description The id of its row. */
			row_id: string;
			/**
			 * @description Only `retail` can be bought.
			 * @enum {string}
			 */
			offer_type: "retail" | "service_provider";
			/** @description Without a price, the bid only links to the merchant. */
			price?: components["schemas"]["Price"] | null;
			/**
			 * @default open
			 * @enum {string}
			 */
			status?: "open" | "withdrawn";
			/** @description The merchant's page. */
			clickout_url?: string | null;
			/** @description Copied to the purchase. */
			merchant?: string | null;
			/** @description Where the bid comes from. Copied to the purchase. */
			source?: string | null;
		};
		BidPage: {
			/** @description `null` on the last page. */
			next_cursor: string | null;
			data: components["schemas"]["StoredBid"][];
		};
		Cancelled: {
			/** @constant */
			status: "expired";
		};
		/** @description Each is Stripe's parameter of the same name; any other is refused. */
		CheckoutOptions: {
			allow_promotion_codes?: boolean | null;
			automatic_tax?: components["schemas"]["Switch"] | null;
			/** @description Whether the price contains the tax; Stripe's parameter of each line. */
			tax_behavior?: ("exclusive" | "inclusive") | null;
			/** @description What is sold, for the tax; Stripe's parameter of each line. */
			tax_code?: string | null;
			tax_id_collection?: components["schemas"]["TaxIdCollection"] | null;
			shipping_address_collection?: components["schemas"]["ShippingAddressCollection"] | null;
			shipping_options?: components["schemas"]["ShippingOption"][] | null;
			billing_address_collection?: ("auto" | "required") | null;
			phone_number_collection?: components["schemas"]["Switch"] | null;
			custom_fields?: components["schemas"]["CustomField"][] | null;
			consent_collection?: components["schemas"]["ConsentCollection"] | null;
			invoice_creation?: components["schemas"]["InvoiceCreation"] | null;
			locale?: ("auto" | "bg" | "cs" | "da" | "de" | "el" | "en" | "en-GB" | "es" | "es-419" | "et" | "fi" | "fil" | "fr" | "fr-CA" | "hi-IN" | "hr" | "hu" | "id" | "it" | "ja" | "ko" | "lt" | "lv" | "ms" | "mt" | "nb" | "nl" | "pl" | "pt" | "pt-BR" | "ro" | "ru" | "sk" | "sl" | "sv" | "th" | "tr" | "vi" | "zh" | "zh-HK" | "zh-TW") | null;
			submit_type?: ("auto" | "book" | "donate" | "pay") | null;
			custom_text?: components["schemas"]["CustomText"] | null;
			after_expiration?: components["schemas"]["AfterExpiration"] | null;
		};
		Choice: {
			label: string;
			value: string;
		};
		ClientSecret: {
			/** @description For Stripe.js alone. */
			client_secret: string;
		};
		Consent: {
			terms_of_service?: string;
			promotions?: string;
		};
		ConsentCollection: {
			terms_of_service?: ("none" | "required") | null;
			promotions?: ("auto" | "none") | null;
		};
		/** @description Something that each buyer buys once, such as a course; its id is a UUID. */
		ContentOffer: {
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string | null;
			/** @description Shown on Stripe's page. */
			image_url?: string | null;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string | null;
			/**
			 * @description The platform's share, in parts of ten thousand.
			 * @default 0
			 */
			platform_fee_bps?: number;
			/**
			 * @description The organization's share; together with the platform's at most 10000.
			 * @default 0
			 */
			organization_fee_bps?: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"] | null;
			/**
			 * @description `published`: can be bought.
			 * @enum {string}
			 */
			status: "draft" | "published" | "withdrawn";
			price: components["schemas"]["Price"];
			/** @description The last part of its page's address. Copied to the purchase. */
			slug?: string | null;
		};
		ContentPage: {
			/** @description `null` on the last page. */
			next_cursor: string | null;
			data: components["schemas"]["StoredContent"][];
		};
		CreateAuction: {
			/** id */
			auction_id: number | string;
			/** @description Default: `/auctions/{id}?session_id={CHECKOUT_SESSION_ID}` of the frontend. */
			success_url?: string | null;
			/** @description Default: `/auctions/{id}?checkout=cancel` of the frontend. */
			cancel_url?: string | null;
		};
		CreateBid: {
			/** id */
			bid_id: number | string;
			/** id */
			row_id: number | string;
			/** URL */
			success_url: string;
			/** URL */
			cancel_url: string;
		};
		CreateContent: {
			/** Format: uuid */
			contentId: string;
			/** URL */
			successUrl: string;
			/** URL */
			cancelUrl: string;
		};
		CreateOrder: {
			/** id */
			orderId: number | string;
			/** @description Default: `/orders/{id}?session_id={CHECKOUT_SESSION_ID}` of the frontend. */
			success_url?: string | null;
			/** @description Default: `/orders/{id}?checkout=cancel` of the frontend. */
			cancel_url?: string | null;
		};
		CreateProduct: {
			/** @default hero-me-feelings */
			product_id?: string;
			/** @description Up to 254 characters. Prefills Stripe's page. */
			customer_email?: string | null;
			/**
			 * @description Up to 20 texts of up to 500 characters, with keys of 1 to 40 characters without
			 *     square brackets. The stack's own keys take precedence.
			 */
			metadata?: {
				[key: string]: string;
			} | null;
		};
		CreateQuote: {
			quote_id: string;
			/** URL */
			success_url: string;
			/** URL */
			cancel_url: string;
		};
		CreatedAuction: {
			/** @description The id of the payment session, `ps_…`. */
			payment_session_id: string;
			/** @description Stripe's page, to which the buyer goes. */
			checkout_url: string;
			session_id: string;
			/** Format: date-time */
			expires_at: string;
			payment_window: components["schemas"]["PaymentWindow"];
		};
		CreatedBid: {
			/** @description The id of the payment session, `ps_…`. */
			payment_session_id: string;
			/** @description Stripe's page, to which the buyer goes. */
			checkout_url: string;
		};
		CreatedContent: {
			/** @description The id of the payment session, `ps_…`. */
			payment_session_id: string;
			/** @description Stripe's page, to which the buyer goes. */
			checkout_url: string;
			sessionUrl: string;
			sessionId: string;
		};
		CreatedOrder: {
			/** @description The id of the payment session, `ps_…`. */
			payment_session_id: string;
			/** @description Stripe's page, to which the buyer goes. */
			checkout_url: string;
			url: string;
		};
		CreatedProduct: {
			/** @description The id of the payment session, `ps_…`. */
			payment_session_id: string;
			client_secret: string;
		};
		CreatedQuote: {
			/** @description The id of the payment session, `ps_…`. */
			payment_session_id: string;
			/** @description Stripe's page, to which the buyer goes. */
			checkout_url: string;
		};
		CustomField: {
			key: string;
			label: components["schemas"]["Label"];
			/** @enum {string} */
			type: "text" | "numeric" | "dropdown";
			optional?: boolean | null;
			text?: components["schemas"]["TextInput"] | null;
			numeric?: components["schemas"]["TextInput"] | null;
			dropdown?: components["schemas"]["Dropdown"] | null;
		};
		CustomText: {
			submit?: components["schemas"]["CustomTextPart"] | null;
			after_submit?: components["schemas"]["CustomTextPart"] | null;
			shipping_address?: components["schemas"]["CustomTextPart"] | null;
			terms_of_service_acceptance?: components["schemas"]["CustomTextPart"] | null;
		};
		CustomTextPart: {
			message: string;
		};
		DaysSums: {
			currency: string;
			purchases: number;
			grossCents: number;
			refundedCents: number;
			lostToDisputesCents: number;
			discountCents: number;
			taxCents: number;
			shippingCents: number;
			platformFeeCents: number;
			organizationFeeCents: number;
			creatorPayoutCents: number;
			stripeFeeCents: number;
			/** Format: date */
			date: string;
		};
		DeliveryEstimate: {
			minimum?: components["schemas"]["DeliveryTime"] | null;
			maximum?: components["schemas"]["DeliveryTime"] | null;
		};
		DeliveryTime: {
			/** @enum {string} */
			unit: "hour" | "day" | "business_day" | "week" | "month";
			value: number;
		};
		/** @description An OpenAPI document. */
		Document: {
			openapi: string;
		} & {
			[key: string]: unknown;
		};
		Dropdown: {
			options: components["schemas"]["Choice"][];
			default_value?: string | null;
		};
		Entered: {
			shipping_details?: components["schemas"]["ShippingDetails"];
			billing_address?: components["schemas"]["Address"];
			phone?: string;
			tax_ids?: components["schemas"]["TaxId"][];
			custom_fields?: {
				[key: string]: string;
			};
			consent?: components["schemas"]["Consent"];
		};
		Error: {
			/** @description A sentence for people; it may change. */
			error: string;
			/** @enum {string} */
			code: "already_purchased" | "auction_not_accepted" | "forbidden" | "idempotency_key_reused" | "internal_error" | "invalid_request" | "invalid_signature" | "not_found" | "not_purchasable" | "not_quarantined" | "not_refundable" | "payment_in_progress" | "payment_window_closed" | "stripe_unavailable" | "too_many_requests" | "try_again" | "unauthorized" | "unreadable_event" | "version_conflict";
			request_id: string;
			/** @description What is refused, field by field. */
			fields?: components["schemas"]["Problem"][];
		};
		/** @description An event of Stripe, as it signed it. */
		Event: {
			[key: string]: unknown;
		};
		FixedAmount: {
			currency: string;
			amount: number;
		};
		/** @description An answer of API Gateway itself. */
		GatewayMessage: {
			message: string;
		};
		InvoiceCreation: {
			enabled: boolean;
			invoice_data?: components["schemas"]["InvoiceData"] | null;
		};
		InvoiceData: {
			description?: string | null;
			footer?: string | null;
			custom_fields?: components["schemas"]["InvoiceField"][] | null;
		};
		InvoiceField: {
			name: string;
			value: string;
		};
		Label: {
			/** @constant */
			type: "custom";
			custom: string;
		};
		Line: {
			name: string;
			quantity: number;
			/**
			 * @description In the currency's minor unit. The whole order may be free, or is an amount that
			 *     Stripe charges.
			 */
			unit_price_cents: number;
		};
		NotBuyable: {
			code: string;
			error: string;
		};
		OfferForAnybody: {
			kind: string;
			id: string;
			price_cents?: number | null;
			currency?: string | null;
			description?: string | null;
			image_url?: string | null;
			slug?: string | null;
			status?: string | null;
			title?: string | null;
		};
		OfferForBuyer: {
			kind: string;
			id: string;
			price_cents?: number | null;
			currency?: string | null;
			buyable: boolean;
			/** @description What create would answer; absent if it is buyable. */
			reason?: components["schemas"]["NotBuyable"];
			payment_window?: components["schemas"]["PaymentWindow"];
			description?: string | null;
			image_url?: string | null;
			slug?: string | null;
			status?: string | null;
			title?: string | null;
		};
		Order: {
			id: string;
			status: string;
			/** @description As the host application wrote it, in lower case. */
			currency: string;
			total_cents: number;
			items: components["schemas"]["OrderLine"][];
			payments: components["schemas"]["OrderPayment"][];
		};
		OrderLine: {
			name: string;
			quantity: number;
			unit_price_cents: number;
		};
		/** @description An order of one buyer, of one or several lines. */
		OrderOffer: {
			/** @description What the list of purchases shows. Default: `Order` and the id. */
			title?: string | null;
			/** @description Shown on Stripe's page. */
			description?: string | null;
			/** @description Shown on Stripe's page. */
			image_url?: string | null;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string | null;
			/**
			 * @description The platform's share, in parts of ten thousand.
			 * @default 0
			 */
			platform_fee_bps?: number;
			/**
			 * @description The organization's share; together with the platform's at most 10000.
			 * @default 0
			 */
			organization_fee_bps?: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"] | null;
			/** @description The buyer: only the owner sees and pays the order. */
			owner_id: string;
			/**
			 * @description `CREATED`: can be paid.
			 * @enum {string}
			 */
			status: "CREATED" | "CANCELLED";
			/**
			 * currency
			 * @description One that Stripe charges, in lower case.
			 * @enum {string}
			 */
			currency: "aed" | "afn" | "all" | "amd" | "aoa" | "ars" | "aud" | "awg" | "azn" | "bam" | "bbd" | "bdt" | "bhd" | "bif" | "bmd" | "bnd" | "bob" | "brl" | "bsd" | "bwp" | "byn" | "bzd" | "cad" | "cdf" | "chf" | "clp" | "cny" | "cop" | "crc" | "cve" | "czk" | "djf" | "dkk" | "dop" | "dzd" | "egp" | "etb" | "eur" | "fjd" | "fkp" | "gbp" | "gel" | "gip" | "gmd" | "gnf" | "gtq" | "gyd" | "hkd" | "hnl" | "htg" | "huf" | "idr" | "ils" | "inr" | "isk" | "jmd" | "jod" | "jpy" | "kes" | "kgs" | "khr" | "kmf" | "krw" | "kwd" | "kyd" | "kzt" | "lak" | "lbp" | "lkr" | "lrd" | "lsl" | "mad" | "mdl" | "mga" | "mkd" | "mmk" | "mnt" | "mop" | "mur" | "mvr" | "mwk" | "mxn" | "myr" | "mzn" | "nad" | "ngn" | "nio" | "nok" | "npr" | "nzd" | "omr" | "pab" | "pen" | "pgk" | "php" | "pkr" | "pln" | "pyg" | "qar" | "ron" | "rsd" | "rub" | "rwf" | "sar" | "sbd" | "scr" | "sek" | "sgd" | "shp" | "sle" | "sos" | "srd" | "std" | "szl" | "thb" | "tjs" | "tnd" | "top" | "try" | "ttd" | "twd" | "tzs" | "uah" | "ugx" | "usd" | "uyu" | "uzs" | "vnd" | "vuv" | "wst" | "xaf" | "xcd" | "xcg" | "xof" | "xpf" | "yer" | "zar" | "zmw";
			items: components["schemas"]["Line"][];
		};
		OrderPage: {
			/** @description `null` on the last page. */
			next_cursor: string | null;
			data: components["schemas"]["StoredOrder"][];
		};
		OrderPayment: {
			id: string;
			/** @constant */
			provider: "stripe";
			provider_ref: string;
			/** @enum {string} */
			status: "pending" | "completed" | "refunded" | "failed" | "refunding" | "disputed" | "quarantined";
			/** Format: date-time */
			created_at: string;
		};
		Pagination: {
			page: number;
			pageSize: number;
			totalCount: number;
			totalPages: number;
		};
		PaymentSession: {
			payment_session_id: string;
			/** @enum {string} */
			status: "prepared" | "open" | "discarded" | "expired" | "processing" | "failed" | "complete" | "quarantined";
			/** @enum {string} */
			payment_status: "failed" | "no_payment_required" | "paid" | "unpaid";
			/** Format: date-time */
			expires_at: string;
			seconds_remaining: number;
			payment_window?: components["schemas"]["PaymentWindow"];
		};
		PaymentStatus: {
			/** @enum {string} */
			status: "open" | "complete" | "expired";
			/** @enum {string} */
			payment_status: "unpaid" | "processing" | "paid" | "failed" | "refunded";
			/** @enum {string} */
			code?: "under_review" | "refunding" | "dismissed";
		};
		PaymentWindow: {
			/** Format: date-time */
			opens_at: string;
			/** Format: date-time */
			closes_at: string;
			seconds_remaining: number;
		};
		/** @description An amount in the currency's minor unit; what is free has the amount 0. */
		Price: {
			/**
			 * currency
			 * @description One that Stripe charges, in lower case.
			 * @enum {string}
			 */
			currency: "aed" | "afn" | "all" | "amd" | "aoa" | "ars" | "aud" | "awg" | "azn" | "bam" | "bbd" | "bdt" | "bhd" | "bif" | "bmd" | "bnd" | "bob" | "brl" | "bsd" | "bwp" | "byn" | "bzd" | "cad" | "cdf" | "chf" | "clp" | "cny" | "cop" | "crc" | "cve" | "czk" | "djf" | "dkk" | "dop" | "dzd" | "egp" | "etb" | "eur" | "fjd" | "fkp" | "gbp" | "gel" | "gip" | "gmd" | "gnf" | "gtq" | "gyd" | "hkd" | "hnl" | "htg" | "huf" | "idr" | "ils" | "inr" | "isk" | "jmd" | "jod" | "jpy" | "kes" | "kgs" | "khr" | "kmf" | "krw" | "kwd" | "kyd" | "kzt" | "lak" | "lbp" | "lkr" | "lrd" | "lsl" | "mad" | "mdl" | "mga" | "mkd" | "mmk" | "mnt" | "mop" | "mur" | "mvr" | "mwk" | "mxn" | "myr" | "mzn" | "nad" | "ngn" | "nio" | "nok" | "npr" | "nzd" | "omr" | "pab" | "pen" | "pgk" | "php" | "pkr" | "pln" | "pyg" | "qar" | "ron" | "rsd" | "rub" | "rwf" | "sar" | "sbd" | "scr" | "sek" | "sgd" | "shp" | "sle" | "sos" | "srd" | "std" | "szl" | "thb" | "tjs" | "tnd" | "top" | "try" | "ttd" | "twd" | "tzs" | "uah" | "ugx" | "usd" | "uyu" | "uzs" | "vnd" | "vuv" | "wst" | "xaf" | "xcd" | "xcg" | "xof" | "xpf" | "yer" | "zar" | "zmw";
			/**
			 * @description 0 if the offer is free. Otherwise Stripe's minimum of the currency, such as 50 in
			 *     USD, or more; at most 99999999, in IDR 999999999999. A multiple of 100 in ISK and
			 *     UGX, of 10 in BHD, JOD, KWD, OMR and TND.
			 */
			amount: number;
		};
		Problem: {
			field: string;
			problem: string;
		};
		/** @description Something at a fixed price, which anybody may buy any number of times. */
		ProductOffer: {
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string | null;
			/** @description Shown on Stripe's page. */
			image_url?: string | null;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string | null;
			/**
			 * @description The platform's share, in parts of ten thousand.
			 * @default 0
			 */
			platform_fee_bps?: number;
			/**
			 * @description The organization's share; together with the platform's at most 10000.
			 * @default 0
			 */
			organization_fee_bps?: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"] | null;
			/**
			 * @description `active`: can be bought.
			 * @enum {string}
			 */
			status: "active" | "inactive";
			price: components["schemas"]["Price"];
		};
		ProductPage: {
			/** @description `null` on the last page. */
			next_cursor: string | null;
			data: components["schemas"]["StoredProduct"][];
		};
		Purchase: {
			/** @description `pur_…` */
			id: string;
			kind: string;
			/** @description The id of the offer. */
			itemId: string;
			/** @description The title of the offer at the time. */
			title: string;
			amountPaidCents: number;
			currency: string;
			/** @enum {string} */
			status: "pending" | "completed" | "refunded" | "failed" | "refunding" | "disputed" | "quarantined";
			/** @constant */
			paymentMethod: "stripe_checkout";
			stripeSessionId: string;
			/** @description `null` when nothing was due. */
			stripePaymentIntentId: string | null;
			platformFeeCents: number;
			organizationFeeCents: number;
			creatorPayoutCents: number;
			refundedAmountCents: number;
			/** Format: date-time */
			purchasedAt: string;
			/** @description What a promotion code took off the price. */
			discountCents?: number;
			/** @description The tax in the amount paid. */
			taxCents?: number;
			/** @description The shipping in the amount paid, without tax. */
			shippingCents?: number;
			/** @description What the buyer entered on Stripe's page; absent without any. */
			entered?: components["schemas"]["Entered"];
			/** @description What the caller of the create request sent; absent without it. */
			metadata?: {
				[key: string]: string;
			};
			/** @description What lost disputes took; absent without any. */
			lostAmountCents?: number;
			/** Format: date-time */
			refundedAt?: string;
			refundReason?: string;
			/** @description Stripe's receipt; absent during the first minutes. */
			receiptUrl?: string;
			auctionId?: string;
			bidId?: string;
			rowId?: string;
			contentId?: string;
			content?: components["schemas"]["ShownContent"];
			slug?: string;
			orderId?: string;
			productId?: string;
			quoteId?: string;
		};
		Purchases: {
			pagination: components["schemas"]["Pagination"];
			data: components["schemas"]["Purchase"][];
		};
		/** @description A negotiated price; of a bid and its row, if it was negotiated for one. */
		QuoteOffer: {
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string | null;
			/** @description Shown on Stripe's page. */
			image_url?: string | null;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string | null;
			/**
			 * @description The platform's share, in parts of ten thousand.
			 * @default 0
			 */
			platform_fee_bps?: number;
			/**
			 * @description The organization's share; together with the platform's at most 10000.
			 * @default 0
			 */
			organization_fee_bps?: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"] | null;
			/** @description Above zero. */
			price: components["schemas"]["Price"];
			/**
			 * Format: date-time
			 * @description Until then it can be paid.
			 */
			expires_at: string;
			/**
			 * @description `open`: can be paid.
			 * @default open
			 * @enum {string}
			 */
			status?: "open" | "withdrawn";
			/** @description The service provider's bid for which it was negotiated, with its `row_id`. */
			bid_id?: string | null;
			/** @description The row of that bid, which is sold with it. */
			row_id?: string | null;
		};
		QuotePage: {
			/** @description `null` on the last page. */
			next_cursor: string | null;
			data: components["schemas"]["StoredQuote"][];
		};
		Received: {
			/** @constant */
			received: true;
		};
		Recovery: {
			enabled: boolean;
			allow_promotion_codes?: boolean | null;
		};
		RefundBody: {
			/**
			 * @description An amount that exists in the currency: a multiple of 100 in ISK and UGX, of 10 in
			 *     BHD, JOD, KWD, OMR and TND. Default: everything that is left.
			 */
			amountCents?: number | null;
			/** @description The buyer sees it. */
			reason?: string | null;
		};
		Revenue: {
			creatorId: string;
			/** Format: date */
			from: string;
			/** Format: date */
			to: string;
			totals: components["schemas"]["Sums"][];
			days: components["schemas"]["DaysSums"][];
		};
		Row: {
			row_id: string;
			title: string | null;
			status: string;
			/** @description The bid through which the row was sold. */
			purchased_bid_id: string | null;
			/** @description The bid whose payment is undecided. */
			pending_bid_id: string | null;
			bids: components["schemas"]["RowBid"][];
		};
		RowBid: {
			bid_id: string;
			title: string | null;
			price_cents: number | null;
			currency: string | null;
			image_url: string | null;
			buy_now: boolean;
			clickout_url: string | null;
			purchased: boolean;
			quote: components["schemas"]["AgreedQuote"] | null;
		};
		/** @description What a buyer looks for; buying one of its bids sells the row. */
		RowOffer: {
			/** @description What the buyer looks for. */
			title?: string | null;
			/** @description Shown on Stripe's page. */
			description?: string | null;
			/** @description Shown on Stripe's page. */
			image_url?: string | null;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string | null;
			/**
			 * @description The platform's share, in parts of ten thousand.
			 * @default 0
			 */
			platform_fee_bps?: number;
			/**
			 * @description The organization's share; together with the platform's at most 10000.
			 * @default 0
			 */
			organization_fee_bps?: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"] | null;
			/** @description The buyer: only the owner sees the row and buys its bids. */
			owner_id: string;
			/**
			 * @description `open`: its retail bids can be bought.
			 * @enum {string}
			 */
			status: "open" | "withdrawn";
		};
		RowPage: {
			/** @description `null` on the last page. */
			next_cursor: string | null;
			data: components["schemas"]["StoredRow"][];
		};
		Sale: {
			/** @description `pur_…` */
			id: string;
			kind: string;
			/** @description The id of the offer. */
			itemId: string;
			/** @description The title of the offer at the time. */
			title: string;
			amountPaidCents: number;
			currency: string;
			/** @enum {string} */
			status: "pending" | "completed" | "refunded" | "failed" | "refunding" | "disputed" | "quarantined";
			/** @constant */
			paymentMethod: "stripe_checkout";
			stripeSessionId: string;
			/** @description `null` when nothing was due. */
			stripePaymentIntentId: string | null;
			platformFeeCents: number;
			organizationFeeCents: number;
			creatorPayoutCents: number;
			refundedAmountCents: number;
			/** Format: date-time */
			purchasedAt: string;
			/** @description What a promotion code took off the price. */
			discountCents?: number;
			/** @description The tax in the amount paid. */
			taxCents?: number;
			/** @description The shipping in the amount paid, without tax. */
			shippingCents?: number;
			/** @description What the buyer entered on Stripe's page; absent without any. */
			entered?: components["schemas"]["Entered"];
			/** @description What the caller of the create request sent; absent without it. */
			metadata?: {
				[key: string]: string;
			};
			/** @description What lost disputes took; absent without any. */
			lostAmountCents?: number;
			/** Format: date-time */
			refundedAt?: string;
			refundReason?: string;
			/** @description Absent for an anonymous buyer. */
			buyerId?: string;
			/** @description Stripe's status of the payment intent. */
			paymentIntentStatus?: string | null;
			stripeFeeCents?: number;
			netAmountCents?: number;
			settlementCurrency?: string;
			auctionId?: string;
			bidId?: string;
			rowId?: string;
			contentId?: string;
			content?: components["schemas"]["ShownContent"];
			slug?: string;
			orderId?: string;
			productId?: string;
			quoteId?: string;
		};
		Sales: {
			creatorId: string;
			/** Format: date */
			from: string;
			/** Format: date */
			to: string;
			/** @description `null` on the last page. */
			nextCursor: string | null;
			data: components["schemas"]["Sale"][];
		};
		SessionStatus: {
			/** @enum {string} */
			status: "open" | "complete" | "expired";
		};
		ShippingAddressCollection: {
			allowed_countries: string[];
		};
		ShippingDetails: {
			name?: string;
			address?: components["schemas"]["Address"];
		};
		ShippingOption: {
			shipping_rate?: string | null;
			shipping_rate_data?: components["schemas"]["ShippingRateData"] | null;
		};
		ShippingRateData: {
			/** @constant */
			type: "fixed_amount";
			display_name: string;
			fixed_amount: components["schemas"]["FixedAmount"];
			delivery_estimate?: components["schemas"]["DeliveryEstimate"] | null;
			tax_behavior?: ("exclusive" | "inclusive") | null;
			tax_code?: string | null;
		};
		ShownContent: {
			title: string;
			slug: string | null;
		};
		StoredAuction: {
			/** @constant */
			kind: "auction";
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/**
			 * @description `accepted`: the winner can pay.
			 * @enum {string}
			 */
			status: "open" | "accepted" | "withdrawn" | "paid" | "refunded";
			/** @description Required once accepted. */
			price?: components["schemas"]["Price"];
			/** @description The buyer who may pay. Required once accepted. */
			winner_id?: string;
			/**
			 * Format: date-time
			 * @description The winner can pay for 24 hours from then on. Required once accepted.
			 */
			accepted_at?: string;
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
			purchase_id?: string;
		};
		StoredBid: {
			/** @constant */
			kind: "bid";
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/** @description The id of its row. */
			row_id: string;
			/**
			 * @description Only `retail` can be bought.
			 * @enum {string}
			 */
			offer_type: "retail" | "service_provider";
			/** @description Without a price, the bid only links to the merchant. */
			price?: components["schemas"]["Price"];
			/** @enum {string} */
			status: "open" | "withdrawn";
			/**
			 * URL
			 * @description The merchant's page.
			 */
			clickout_url?: string;
			/** @description Copied to the purchase. */
			merchant?: string;
			/** @description Where the bid comes from. Copied to the purchase. */
			source?: string;
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
		};
		StoredContent: {
			/** @constant */
			kind: "content";
			/** Format: uuid */
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/**
			 * @description `published`: can be bought.
			 * @enum {string}
			 */
			status: "draft" | "published" | "withdrawn";
			price: components["schemas"]["Price"];
			/** @description The last part of its page's address. Copied to the purchase. */
			slug?: string;
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
		};
		StoredOrder: {
			/** @constant */
			kind: "order";
			id: string;
			/** @description What the list of purchases shows. Default: `Order` and the id. */
			title?: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/** @description The buyer: only the owner sees and pays the order. */
			owner_id: string;
			/**
			 * @description `CREATED`: can be paid.
			 * @enum {string}
			 */
			status: "CREATED" | "CANCELLED" | "PAID" | "REFUNDED";
			/**
			 * currency
			 * @description One that Stripe charges, in lower case.
			 * @enum {string}
			 */
			currency: "aed" | "afn" | "all" | "amd" | "aoa" | "ars" | "aud" | "awg" | "azn" | "bam" | "bbd" | "bdt" | "bhd" | "bif" | "bmd" | "bnd" | "bob" | "brl" | "bsd" | "bwp" | "byn" | "bzd" | "cad" | "cdf" | "chf" | "clp" | "cny" | "cop" | "crc" | "cve" | "czk" | "djf" | "dkk" | "dop" | "dzd" | "egp" | "etb" | "eur" | "fjd" | "fkp" | "gbp" | "gel" | "gip" | "gmd" | "gnf" | "gtq" | "gyd" | "hkd" | "hnl" | "htg" | "huf" | "idr" | "ils" | "inr" | "isk" | "jmd" | "jod" | "jpy" | "kes" | "kgs" | "khr" | "kmf" | "krw" | "kwd" | "kyd" | "kzt" | "lak" | "lbp" | "lkr" | "lrd" | "lsl" | "mad" | "mdl" | "mga" | "mkd" | "mmk" | "mnt" | "mop" | "mur" | "mvr" | "mwk" | "mxn" | "myr" | "mzn" | "nad" | "ngn" | "nio" | "nok" | "npr" | "nzd" | "omr" | "pab" | "pen" | "pgk" | "php" | "pkr" | "pln" | "pyg" | "qar" | "ron" | "rsd" | "rub" | "rwf" | "sar" | "sbd" | "scr" | "sek" | "sgd" | "shp" | "sle" | "sos" | "srd" | "std" | "szl" | "thb" | "tjs" | "tnd" | "top" | "try" | "ttd" | "twd" | "tzs" | "uah" | "ugx" | "usd" | "uyu" | "uzs" | "vnd" | "vuv" | "wst" | "xaf" | "xcd" | "xcg" | "xof" | "xpf" | "yer" | "zar" | "zmw";
			items: components["schemas"]["Line"][];
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
			purchase_id?: string;
		};
		StoredProduct: {
			/** @constant */
			kind: "product";
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/**
			 * @description `active`: can be bought.
			 * @enum {string}
			 */
			status: "active" | "inactive";
			price: components["schemas"]["Price"];
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
		};
		StoredQuote: {
			/** @constant */
			kind: "quote";
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/** @description Above zero. */
			price: components["schemas"]["Price"];
			/**
			 * Format: date-time
			 * @description Until then it can be paid.
			 */
			expires_at: string;
			/**
			 * @description `open`: can be paid.
			 * @enum {string}
			 */
			status: "open" | "withdrawn" | "paid" | "refunded";
			/** @description The service provider's bid for which it was negotiated, with its `row_id`. */
			bid_id?: string;
			/** @description The row of that bid, which is sold with it. */
			row_id?: string;
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
			purchase_id?: string;
		};
		StoredRow: {
			/** @constant */
			kind: "row";
			id: string;
			/** @description What the buyer looks for. */
			title?: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/** @description The buyer: only the owner sees the row and buys its bids. */
			owner_id: string;
			/**
			 * @description `open`: its retail bids can be bought.
			 * @enum {string}
			 */
			status: "open" | "withdrawn" | "purchased" | "refunded";
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
			purchase_id?: string;
			purchased_bid_id?: string;
		};
		Sums: {
			currency: string;
			purchases: number;
			grossCents: number;
			refundedCents: number;
			lostToDisputesCents: number;
			discountCents: number;
			taxCents: number;
			shippingCents: number;
			platformFeeCents: number;
			organizationFeeCents: number;
			creatorPayoutCents: number;
			stripeFeeCents: number;
		};
		Switch: {
			enabled: boolean;
		};
		TaxId: {
			type?: string;
			value?: string;
		};
		TaxIdCollection: {
			enabled: boolean;
			required?: ("if_supported" | "never") | null;
		};
		TextInput: {
			minimum_length?: number | null;
			maximum_length?: number | null;
			default_value?: string | null;
		};
		/** @description What the host application wrote itself may have other fields, of other types. */
		WithdrawnOffer: {
			/** @description How many were expired at Stripe. */
			expired_sessions: number;
			/** @description Whether others are open: repeat the request. */
			open_sessions: boolean;
			kind: string;
			id: string;
			status: string;
			version: number;
			/** Format: date-time */
			updated_at: string;
		} & {
			[key: string]: unknown;
		};
		WrittenAuction: {
			/** @description How many were expired at Stripe. */
			expired_sessions: number;
			/** @description Whether others are open: repeat the request. */
			open_sessions: boolean;
			/** @constant */
			kind: "auction";
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/**
			 * @description `accepted`: the winner can pay.
			 * @enum {string}
			 */
			status: "open" | "accepted" | "withdrawn" | "paid" | "refunded";
			/** @description Required once accepted. */
			price?: components["schemas"]["Price"];
			/** @description The buyer who may pay. Required once accepted. */
			winner_id?: string;
			/**
			 * Format: date-time
			 * @description The winner can pay for 24 hours from then on. Required once accepted.
			 */
			accepted_at?: string;
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
			purchase_id?: string;
		};
		WrittenBid: {
			/** @description How many were expired at Stripe. */
			expired_sessions: number;
			/** @description Whether others are open: repeat the request. */
			open_sessions: boolean;
			/** @constant */
			kind: "bid";
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/** @description The id of its row. */
			row_id: string;
			/**
			 * @description Only `retail` can be bought.
			 * @enum {string}
			 */
			offer_type: "retail" | "service_provider";
			/** @description Without a price, the bid only links to the merchant. */
			price?: components["schemas"]["Price"];
			/** @enum {string} */
			status: "open" | "withdrawn";
			/**
			 * URL
			 * @description The merchant's page.
			 */
			clickout_url?: string;
			/** @description Copied to the purchase. */
			merchant?: string;
			/** @description Where the bid comes from. Copied to the purchase. */
			source?: string;
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
		};
		WrittenContent: {
			/** @description How many were expired at Stripe. */
			expired_sessions: number;
			/** @description Whether others are open: repeat the request. */
			open_sessions: boolean;
			/** @constant */
			kind: "content";
			/** Format: uuid */
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/**
			 * @description `published`: can be bought.
			 * @enum {string}
			 */
			status: "draft" | "published" | "withdrawn";
			price: components["schemas"]["Price"];
			/** @description The last part of its page's address. Copied to the purchase. */
			slug?: string;
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
		};
		WrittenOrder: {
			/** @description How many were expired at Stripe. */
			expired_sessions: number;
			/** @description Whether others are open: repeat the request. */
			open_sessions: boolean;
			/** @constant */
			kind: "order";
			id: string;
			/** @description What the list of purchases shows. Default: `Order` and the id. */
			title?: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/** @description The buyer: only the owner sees and pays the order. */
			owner_id: string;
			/**
			 * @description `CREATED`: can be paid.
			 * @enum {string}
			 */
			status: "CREATED" | "CANCELLED" | "PAID" | "REFUNDED";
			/**
			 * currency
			 * @description One that Stripe charges, in lower case.
			 * @enum {string}
			 */
			currency: "aed" | "afn" | "all" | "amd" | "aoa" | "ars" | "aud" | "awg" | "azn" | "bam" | "bbd" | "bdt" | "bhd" | "bif" | "bmd" | "bnd" | "bob" | "brl" | "bsd" | "bwp" | "byn" | "bzd" | "cad" | "cdf" | "chf" | "clp" | "cny" | "cop" | "crc" | "cve" | "czk" | "djf" | "dkk" | "dop" | "dzd" | "egp" | "etb" | "eur" | "fjd" | "fkp" | "gbp" | "gel" | "gip" | "gmd" | "gnf" | "gtq" | "gyd" | "hkd" | "hnl" | "htg" | "huf" | "idr" | "ils" | "inr" | "isk" | "jmd" | "jod" | "jpy" | "kes" | "kgs" | "khr" | "kmf" | "krw" | "kwd" | "kyd" | "kzt" | "lak" | "lbp" | "lkr" | "lrd" | "lsl" | "mad" | "mdl" | "mga" | "mkd" | "mmk" | "mnt" | "mop" | "mur" | "mvr" | "mwk" | "mxn" | "myr" | "mzn" | "nad" | "ngn" | "nio" | "nok" | "npr" | "nzd" | "omr" | "pab" | "pen" | "pgk" | "php" | "pkr" | "pln" | "pyg" | "qar" | "ron" | "rsd" | "rub" | "rwf" | "sar" | "sbd" | "scr" | "sek" | "sgd" | "shp" | "sle" | "sos" | "srd" | "std" | "szl" | "thb" | "tjs" | "tnd" | "top" | "try" | "ttd" | "twd" | "tzs" | "uah" | "ugx" | "usd" | "uyu" | "uzs" | "vnd" | "vuv" | "wst" | "xaf" | "xcd" | "xcg" | "xof" | "xpf" | "yer" | "zar" | "zmw";
			items: components["schemas"]["Line"][];
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
			purchase_id?: string;
		};
		WrittenProduct: {
			/** @description How many were expired at Stripe. */
			expired_sessions: number;
			/** @description Whether others are open: repeat the request. */
			open_sessions: boolean;
			/** @constant */
			kind: "product";
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/**
			 * @description `active`: can be bought.
			 * @enum {string}
			 */
			status: "active" | "inactive";
			price: components["schemas"]["Price"];
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
		};
		WrittenQuote: {
			/** @description How many were expired at Stripe. */
			expired_sessions: number;
			/** @description Whether others are open: repeat the request. */
			open_sessions: boolean;
			/** @constant */
			kind: "quote";
			id: string;
			/** @description What is sold, on Stripe's page and in the list of purchases. */
			title: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/** @description Above zero. */
			price: components["schemas"]["Price"];
			/**
			 * Format: date-time
			 * @description Until then it can be paid.
			 */
			expires_at: string;
			/**
			 * @description `open`: can be paid.
			 * @enum {string}
			 */
			status: "open" | "withdrawn" | "paid" | "refunded";
			/** @description The service provider's bid for which it was negotiated, with its `row_id`. */
			bid_id?: string;
			/** @description The row of that bid, which is sold with it. */
			row_id?: string;
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
			purchase_id?: string;
		};
		WrittenRow: {
			/** @description How many were expired at Stripe. */
			expired_sessions: number;
			/** @description Whether others are open: repeat the request. */
			open_sessions: boolean;
			/** @constant */
			kind: "row";
			id: string;
			/** @description What the buyer looks for. */
			title?: string;
			/** @description Shown on Stripe's page. */
			description?: string;
			/**
			 * URL with https
			 * @description Shown on Stripe's page.
			 */
			image_url?: string;
			/** @description Who gets the rest of the amount: the `sub` of the creator's token. */
			creator_id?: string;
			/** @description The platform's share, in parts of ten thousand. */
			platform_fee_bps: number;
			/** @description The organization's share; together with the platform's at most 10000. */
			organization_fee_bps: number;
			/** @description What Stripe's page asks for, offers and adds. */
			options?: components["schemas"]["CheckoutOptions"];
			/** @description The buyer: only the owner sees the row and buys its bids. */
			owner_id: string;
			/**
			 * @description `open`: its retail bids can be bought.
			 * @enum {string}
			 */
			status: "open" | "withdrawn" | "purchased" | "refunded";
			version: number;
			/** Format: date-time */
			created_at: string;
			/** Format: date-time */
			updated_at: string;
			purchase_id?: string;
			purchased_bid_id?: string;
		};
	};
	responses: {
		/** @description Bad Gateway: `stripe_unavailable` */
		"BadGateway.stripe_unavailable": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Bad Request: `invalid_request` */
		"BadRequest.invalid_request": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Bad Request: `invalid_request`, `not_purchasable` */
		"BadRequest.invalid_request.not_purchasable": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Bad Request: `invalid_signature`, `unreadable_event` */
		"BadRequest.invalid_signature.unreadable_event": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Bad Request: `not_purchasable` */
		"BadRequest.not_purchasable": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Conflict: `already_purchased`, `auction_not_accepted`, `payment_in_progress`, `payment_window_closed` */
		"Conflict.already_purchased.auction_not_accepted.payment_in_progress.payment_window_closed": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Conflict: `already_purchased`, `idempotency_key_reused`, `payment_in_progress` */
		"Conflict.already_purchased.idempotency_key_reused.payment_in_progress": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Conflict: `already_purchased`, `payment_in_progress` */
		"Conflict.already_purchased.payment_in_progress": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Conflict: `already_purchased`, `payment_in_progress`, `payment_window_closed` */
		"Conflict.already_purchased.payment_in_progress.payment_window_closed": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Conflict: `already_purchased`, `version_conflict` */
		"Conflict.already_purchased.version_conflict": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Conflict: `idempotency_key_reused`, `not_refundable` */
		"Conflict.idempotency_key_reused.not_refundable": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Forbidden: `forbidden` */
		"Forbidden.forbidden": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Forbidden: `forbidden`, API Gateway's own answer */
		"Forbidden.forbidden.gateway": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"] | components["schemas"]["GatewayMessage"];
			};
		};
		/** @description Forbidden: API Gateway's own answer */
		"Forbidden.gateway": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["GatewayMessage"];
			};
		};
		/** @description Internal Server Error: API Gateway's own answer */
		"InternalServerError.gateway": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["GatewayMessage"];
			};
		};
		/** @description Internal Server Error: `internal_error`, API Gateway's own answer */
		"InternalServerError.internal_error.gateway": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"] | components["schemas"]["GatewayMessage"];
			};
		};
		/** @description Not Found: `not_found` */
		"NotFound.not_found": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"];
			};
		};
		/** @description Service Unavailable: API Gateway's own answer */
		"ServiceUnavailable.gateway": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["GatewayMessage"];
			};
		};
		/** @description Service Unavailable: `try_again`, API Gateway's own answer */
		"ServiceUnavailable.try_again.gateway": {
			headers: {
				/** @description Seconds after which to try again. */
				"Retry-After"?: number;
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"] | components["schemas"]["GatewayMessage"];
			};
		};
		/** @description Too Many Requests: API Gateway's own answer */
		"TooManyRequests.gateway": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["GatewayMessage"];
			};
		};
		/** @description Too Many Requests: `too_many_requests`, API Gateway's own answer */
		"TooManyRequests.too_many_requests.gateway": {
			headers: {
				/** @description Seconds after which to try again. */
				"Retry-After"?: number;
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"] | components["schemas"]["GatewayMessage"];
			};
		};
		/** @description Unauthorized: `unauthorized`, API Gateway's own answer */
		"Unauthorized.unauthorized.gateway": {
			headers: {
				[name: string]: unknown;
			};
			content: {
				"application/json": components["schemas"]["Error"] | components["schemas"]["GatewayMessage"];
			};
		};
	};
	parameters: never;
	requestBodies: never;
	headers: never;
	pathItems: never;
}
export interface operations {
	createBidSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["CreateBid"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedBid"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.payment_in_progress"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createAuctionSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["CreateAuction"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedAuction"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.auction_not_accepted.payment_in_progress.payment_window_closed"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createOrderSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path: {
				orderId: string;
			};
			cookie?: never;
		};
		requestBody?: {
			content: {
				"application/json": {
					/** @description Default: `/orders/{id}?session_id={CHECKOUT_SESSION_ID}` of the frontend. */
					success_url?: string | null;
					/** @description Default: `/orders/{id}?checkout=cancel` of the frontend. */
					cancel_url?: string | null;
				};
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedOrder"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.payment_in_progress"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createProductSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody?: {
			content: {
				"application/json": components["schemas"]["CreateProduct"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["ClientSecret"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			403: components["responses"]["Forbidden.forbidden"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.idempotency_key_reused.payment_in_progress"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createContentSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["CreateContent"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedContent"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.payment_in_progress"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createQuoteSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["CreateQuote"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedQuote"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			403: components["responses"]["Forbidden.forbidden"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.payment_in_progress.payment_window_closed"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createAnyAuctionSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["CreateAuction"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedAuction"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.auction_not_accepted.payment_in_progress.payment_window_closed"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createAnyBidSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["CreateBid"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedBid"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.payment_in_progress"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createAnyContentSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["CreateContent"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedContent"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.payment_in_progress"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createAnyOrderSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["CreateOrder"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedOrder"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.payment_in_progress"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	createAnyProductSession: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody?: {
			content: {
				"application/json": components["schemas"]["CreateProduct"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["CreatedProduct"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.idempotency_key_reused.payment_in_progress"];
			429: components["responses"]["TooManyRequests.too_many_requests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	getSessionStatus: {
		parameters: {
			query: {
				/** @description The id of a Checkout Session. */
				session_id: string;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["SessionStatus"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	getPaymentStatus: {
		parameters: {
			query: {
				/** @description The id of a Checkout Session. */
				session_id: string;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["PaymentStatus"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	getPaymentSession: {
		parameters: {
			query?: never;
			header?: never;
			path: {
				paymentSessionId: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["PaymentSession"];
				};
			};
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	cancelPayment: {
		parameters: {
			query?: never;
			header?: never;
			path: {
				paymentSessionId: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Cancelled"];
				};
			};
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.payment_in_progress"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	listPurchases: {
		parameters: {
			query?: {
				status?: "pending" | "completed" | "refunded" | "failed" | "refunding" | "disputed" | "quarantined";
				page?: number;
				pageSize?: number;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Purchases"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.gateway"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	getPurchase: {
		parameters: {
			query?: never;
			header?: never;
			path: {
				id: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Purchase"];
				};
			};
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	refundPurchase: {
		parameters: {
			query?: never;
			header?: {
				/** @description Repeated requests with the same key are one. */
				"Idempotency-Key"?: string;
			};
			path: {
				id: string;
			};
			cookie?: never;
		};
		requestBody?: {
			content: {
				"application/json": components["schemas"]["RefundBody"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Purchase"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.idempotency_key_reused.not_refundable"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	checkAccess: {
		parameters: {
			query?: never;
			header?: never;
			path: {
				kind: "auction" | "bid" | "content" | "order" | "product" | "quote";
				id: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Access"];
				};
			};
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	getRevenue: {
		parameters: {
			query?: {
				/** @description Default: 29 days before `to`. */
				from?: string;
				/** @description The last day, included. Default: today, in UTC. */
				to?: string;
			};
			header?: never;
			path: {
				creatorId: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Revenue"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	listSales: {
		parameters: {
			query?: {
				/** @description Default: 29 days before `to`. */
				from?: string;
				/** @description The last day, included. Default: today, in UTC. */
				to?: string;
				limit?: number;
				/** @description The `nextCursor` before. */
				cursor?: string;
			};
			header?: never;
			path: {
				creatorId: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Sales"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	getOrder: {
		parameters: {
			query?: never;
			header?: never;
			path: {
				orderId: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Order"];
				};
			};
			400: components["responses"]["BadRequest.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	getOffer: {
		parameters: {
			query?: never;
			header?: never;
			path: {
				kind: "auction" | "bid" | "content" | "order" | "product" | "quote";
				id: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["OfferForAnybody"];
				};
			};
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	getOfferForMe: {
		parameters: {
			query?: never;
			header?: never;
			path: {
				kind: "auction" | "bid" | "content" | "order" | "product" | "quote";
				id: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["OfferForBuyer"];
				};
			};
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	getRow: {
		parameters: {
			query?: never;
			header?: never;
			path: {
				rowId: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Row"];
				};
			};
			400: components["responses"]["BadRequest.not_purchasable"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	putAuction: {
		parameters: {
			query?: never;
			header?: {
				/** @description The version that the caller has read. */
				"If-Match"?: string;
			};
			path: {
				id: string;
			};
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["AuctionOffer"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenAuction"];
				};
			};
			/** @description Created: the offer is new. */
			201: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenAuction"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.version_conflict"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	listAuctionOffers: {
		parameters: {
			query?: {
				limit?: number;
				/** @description The `next_cursor` before. */
				cursor?: string;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["AuctionPage"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	putBid: {
		parameters: {
			query?: never;
			header?: {
				/** @description The version that the caller has read. */
				"If-Match"?: string;
			};
			path: {
				id: string;
			};
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["BidOffer"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenBid"];
				};
			};
			/** @description Created: the offer is new. */
			201: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenBid"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.version_conflict"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	listBidOffers: {
		parameters: {
			query?: {
				limit?: number;
				/** @description The `next_cursor` before. */
				cursor?: string;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["BidPage"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	putContent: {
		parameters: {
			query?: never;
			header?: {
				/** @description The version that the caller has read. */
				"If-Match"?: string;
			};
			path: {
				id: string;
			};
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["ContentOffer"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenContent"];
				};
			};
			/** @description Created: the offer is new. */
			201: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenContent"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.version_conflict"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	listContentOffers: {
		parameters: {
			query?: {
				limit?: number;
				/** @description The `next_cursor` before. */
				cursor?: string;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["ContentPage"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	putOrder: {
		parameters: {
			query?: never;
			header?: {
				/** @description The version that the caller has read. */
				"If-Match"?: string;
			};
			path: {
				id: string;
			};
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["OrderOffer"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenOrder"];
				};
			};
			/** @description Created: the offer is new. */
			201: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenOrder"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.version_conflict"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	listOrderOffers: {
		parameters: {
			query?: {
				limit?: number;
				/** @description The `next_cursor` before. */
				cursor?: string;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["OrderPage"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	putProduct: {
		parameters: {
			query?: never;
			header?: {
				/** @description The version that the caller has read. */
				"If-Match"?: string;
			};
			path: {
				id: string;
			};
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["ProductOffer"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenProduct"];
				};
			};
			/** @description Created: the offer is new. */
			201: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenProduct"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.version_conflict"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	listProductOffers: {
		parameters: {
			query?: {
				limit?: number;
				/** @description The `next_cursor` before. */
				cursor?: string;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["ProductPage"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	putQuote: {
		parameters: {
			query?: never;
			header?: {
				/** @description The version that the caller has read. */
				"If-Match"?: string;
			};
			path: {
				id: string;
			};
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["QuoteOffer"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenQuote"];
				};
			};
			/** @description Created: the offer is new. */
			201: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenQuote"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.version_conflict"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	listQuoteOffers: {
		parameters: {
			query?: {
				limit?: number;
				/** @description The `next_cursor` before. */
				cursor?: string;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["QuotePage"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	putRow: {
		parameters: {
			query?: never;
			header?: {
				/** @description The version that the caller has read. */
				"If-Match"?: string;
			};
			path: {
				id: string;
			};
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["RowOffer"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenRow"];
				};
			};
			/** @description Created: the offer is new. */
			201: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WrittenRow"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.version_conflict"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	listRowOffers: {
		parameters: {
			query?: {
				limit?: number;
				/** @description The `next_cursor` before. */
				cursor?: string;
			};
			header?: never;
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["RowPage"];
				};
			};
			400: components["responses"]["BadRequest.invalid_request"];
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	withdrawOffer: {
		parameters: {
			query?: never;
			header?: never;
			path: {
				kind: "auction" | "bid" | "content" | "order" | "product" | "quote" | "row";
				id: string;
			};
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["WithdrawnOffer"];
				};
			};
			401: components["responses"]["Unauthorized.unauthorized.gateway"];
			403: components["responses"]["Forbidden.forbidden.gateway"];
			404: components["responses"]["NotFound.not_found"];
			409: components["responses"]["Conflict.already_purchased.version_conflict"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			502: components["responses"]["BadGateway.stripe_unavailable"];
			503: components["responses"]["ServiceUnavailable.try_again.gateway"];
		};
	};
	receiveEventApiWebhooksStripe: {
		parameters: {
			query?: never;
			header: {
				/** @description Stripe's signature of the body. */
				"Stripe-Signature": string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["Event"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Received"];
				};
			};
			400: components["responses"]["BadRequest.invalid_signature.unreadable_event"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.gateway"];
		};
	};
	receiveEventPaymentsWebhooksStripe: {
		parameters: {
			query?: never;
			header: {
				/** @description Stripe's signature of the body. */
				"Stripe-Signature": string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["Event"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Received"];
				};
			};
			400: components["responses"]["BadRequest.invalid_signature.unreadable_event"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.gateway"];
		};
	};
	receiveEventWebhooksStripe: {
		parameters: {
			query?: never;
			header: {
				/** @description Stripe's signature of the body. */
				"Stripe-Signature": string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["Event"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Received"];
				};
			};
			400: components["responses"]["BadRequest.invalid_signature.unreadable_event"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.gateway"];
		};
	};
	receiveEventWebhook: {
		parameters: {
			query?: never;
			header: {
				/** @description Stripe's signature of the body. */
				"Stripe-Signature": string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody: {
			content: {
				"application/json": components["schemas"]["Event"];
			};
		};
		responses: {
			/** @description OK */
			200: {
				headers: {
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Received"];
				};
			};
			400: components["responses"]["BadRequest.invalid_signature.unreadable_event"];
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.internal_error.gateway"];
			503: components["responses"]["ServiceUnavailable.gateway"];
		};
	};
	getOpenApi: {
		parameters: {
			query?: never;
			header?: {
				/** @description The `ETag` of an earlier answer. */
				"If-None-Match"?: string;
			};
			path?: never;
			cookie?: never;
		};
		requestBody?: never;
		responses: {
			/** @description OK */
			200: {
				headers: {
					ETag?: string;
					[name: string]: unknown;
				};
				content: {
					"application/json": components["schemas"]["Document"];
				};
			};
			/** @description Not modified */
			304: {
				headers: {
					ETag?: string;
					[name: string]: unknown;
				};
				content?: never;
			};
			429: components["responses"]["TooManyRequests.gateway"];
			500: components["responses"]["InternalServerError.gateway"];
			503: components["responses"]["ServiceUnavailable.gateway"];
		};
	};
}
export type Token = string | null | undefined;
export interface CheckoutClientOptions {
	/** The output `ApiUrl` of the stack. */
	apiUrl: string;
	/** The buyer's access token, or a function that returns the current one. */
	token?: Token | (() => Token | Promise<Token>);
	/** API Gateway answers within 30 seconds. */
	timeoutMs?: number;
}
/** Every route of the API, by method and path, with the types of the OpenAPI document. */
export interface CheckoutClient extends Client<paths> {
	/** The buyer's token, if the buyer has logged in. */
	token(): Promise<Token>;
}
/**
 * Create a client. It sends the buyer's token to the routes that ask for it, and to no others.
 *
 * An answer is `{ data, response }`, and a refusal is `{ error, response }`: see `readError`.
 */
export declare function createClient({ apiUrl, token, timeoutMs }: CheckoutClientOptions): CheckoutClient;
export type Schemas = components["schemas"];
export type Json<Body> = {
	post: {
		requestBody?: {
			content: {
				"application/json": Body;
			};
		};
	};
};
/** The body of the create request of each kind. */
export type CheckoutRequests = {
	[Path in keyof paths as Path extends `/api/checkout/${infer Kind}` ? Path extends "/api/checkout/create-session" | "/api/checkout/embedded-session" ? never : paths[Path] extends Json<unknown> ? Kind : never : never]: paths[Path] extends Json<infer Body> ? Body : never;
};
export type Kind = keyof CheckoutRequests;
export interface HostedCheckout {
	ui: "hosted";
	/** Send the buyer here, with `location.assign`. */
	checkoutUrl: string;
	paymentSessionId: string;
	/** An auction's time to pay. */
	paymentWindow: Schemas["PaymentWindow"] | undefined;
}
export interface EmbeddedCheckout {
	ui: "embedded";
	/** For `createEmbeddedCheckoutPage` of Stripe.js, and nobody else. */
	clientSecret: string;
	/** For `waitUntilPaid`, when Stripe.js has called `onComplete`. */
	sessionId: string;
}
export type Checkout = HostedCheckout | EmbeddedCheckout;
export interface StartOptions {
	/** Names the attempt. Give the same key if the buyer presses the button again after a failure. */
	idempotencyKey?: string;
	signal?: AbortSignal;
}
/** Make the key of one attempt to pay. */
export declare function newIdempotencyKey(): string;
/**
 * Start a checkout of any kind.
 *
 * Failures that pass are tried again, as the same attempt. A product and a quote are sold
 * without a login; a product that a buyer with a token buys is in the buyer's purchases.
 */
export declare function startCheckout<K extends Kind>(client: CheckoutClient, kind: K, body: CheckoutRequests[K], { idempotencyKey, signal }?: StartOptions): Promise<Checkout>;
/** What programs decide by. It is absent where API Gateway or the network refused. */
export type ErrorCode = components["schemas"]["Error"]["code"];
export interface FieldProblem {
	field: string;
	problem: string;
}
/** Why a request failed. The message is a sentence for the buyer. */
export declare class ApiError extends Error {
	readonly name = "ApiError";
	/** The same as `message`. */
	readonly sentence: string;
	/** The HTTP status; 0 if there was no answer. */
	readonly status: number;
	readonly code: ErrorCode | undefined;
	/** Names the request in the logs of the stack. */
	readonly requestId: string | undefined;
	/** Seconds to wait before another try, if the server has said so. */
	readonly retryAfter: number | undefined;
	readonly fields: FieldProblem[];
	constructor(sentence: string, facts?: Partial<Omit<ApiError, "sentence" | "temporary">>);
	/** Whether the same request may succeed in a moment. */
	get temporary(): boolean;
}
/**
 * Turn what a request failed with into an `ApiError`: what was caught, or the `error` and
 * the `response` of an answer.
 */
export declare function readError(problem: unknown, response?: Response): ApiError;
export type PaymentStatus = components["schemas"]["PaymentStatus"];
/** What became of a payment. Only `paid` means that something was bought and stays bought. */
export type PaymentResult = 
/** The purchase is recorded: deliver. */
"paid"
/** The money is on its way; with a bank debit this takes days. */
 | "processing"
/** The money did not arrive. */
 | "failed"
/** All of the money went back. */
 | "refunded"
/** The money is on its way back. */
 | "refunding"
/** A person must decide. The money is safe. */
 | "under_review"
/** A person has decided that it is no sale. */
 | "dismissed"
/** The payment page has expired or was cancelled; nothing was charged. */
 | "expired"
/** The buyer has not paid yet. */
 | "open";
export interface Payment {
	result: PaymentResult;
	/** Whether to offer the buyer to pay again. */
	mayPayAgain: boolean;
	/** The last answer of `payment-status`. */
	answer: PaymentStatus;
}
export interface WaitOptions {
	signal?: AbortSignal;
	/** How long to wait for a buyer who has not paid yet. 0 asks once. */
	timeoutMs?: number;
	/** How long to wait for the purchase of a buyer who has paid. */
	processingMs?: number;
	/** The first pause; each is longer than the one before. */
	firstMs?: number;
	slowestMs?: number;
}
/**
 * Ask for the status of a payment, with growing pauses, until it is decided.
 *
 * Resolves at the end of the time too, with `open` or `processing`. Failures that pass are
 * tried again until then; others, and the last one, reject as an `ApiError`. An aborted
 * signal rejects with its reason.
 */
export declare function waitUntilPaid(client: CheckoutClient, sessionId: string, { signal, timeoutMs, processingMs, firstMs, slowestMs }?: WaitOptions): Promise<Payment>;
/**
 * Read an answer of `payment-status`. Of words that the API adds one day, a status counts as
 * processing, and a code changes only that the buyer is not asked to pay again.
 */
export declare function paymentOf(answer: PaymentStatus): Payment;

export {};
