// Prints upstream's bootstrap RBAC policy as compact JSON: facts for src/server/bootstrap-policy/policy.json.
package main

import (
	"encoding/json"
	"os"
	"sort"

	rbacv1 "k8s.io/api/rbac/v1"
	policy "k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

// A rule is [verbs, apiGroups, resources, resourceNames, nonResourceURLs], trailing empty lists left out.
type rule [][]string

// A subject is [kind, name] or [kind, name, namespace].
type subject []string

type role struct {
	Name      string              `json:"name"`
	Namespace string              `json:"namespace,omitempty"`
	Labels    map[string]string   `json:"labels,omitempty"`
	Rules     []rule              `json:"rules,omitempty"`
	Aggregate []map[string]string `json:"aggregate,omitempty"`
}

type binding struct {
	Name      string    `json:"name"`
	Namespace string    `json:"namespace,omitempty"`
	RoleKind  string    `json:"roleKind,omitempty"`
	Role      string    `json:"role"`
	Subjects  []subject `json:"subjects"`
}

type document struct {
	ClusterRoles        []role    `json:"clusterRoles"`
	ClusterRoleBindings []binding `json:"clusterRoleBindings"`
	Roles               []role    `json:"roles"`
	RoleBindings        []binding `json:"roleBindings"`
	NodeRules           []rule    `json:"nodeRules"`
}

func rules(from []rbacv1.PolicyRule) []rule {
	out := []rule{}
	for _, r := range from {
		lists := rule{r.Verbs, r.APIGroups, r.Resources, r.ResourceNames, r.NonResourceURLs}
		for len(lists) > 0 && len(lists[len(lists)-1]) == 0 {
			lists = lists[:len(lists)-1]
		}
		for i := range lists {
			if lists[i] == nil {
				lists[i] = []string{}
			}
		}
		out = append(out, lists)
	}
	return out
}

// The label that every bootstrap object carries is left to the reader of the table.
func labels(from map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range from {
		if k != "kubernetes.io/bootstrapping" {
			out[k] = v
		}
	}
	return out
}

func subjects(from []rbacv1.Subject) []subject {
	out := []subject{}
	for _, s := range from {
		one := subject{s.Kind, s.Name}
		if s.Namespace != "" {
			one = append(one, s.Namespace)
		}
		out = append(out, one)
	}
	return out
}

func clusterRole(r rbacv1.ClusterRole) role {
	out := role{Name: r.Name, Labels: labels(r.Labels), Rules: rules(r.Rules)}
	if r.AggregationRule != nil {
		for _, s := range r.AggregationRule.ClusterRoleSelectors {
			out.Aggregate = append(out.Aggregate, s.MatchLabels)
		}
	}
	return out
}

func sortedKeys[T any](m map[string]T) []string {
	keys := []string{}
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func main() {
	doc := document{NodeRules: rules(policy.NodeRules())}
	for _, r := range append(policy.ClusterRoles(), policy.ControllerRoles()...) {
		doc.ClusterRoles = append(doc.ClusterRoles, clusterRole(r))
	}
	for _, b := range append(policy.ClusterRoleBindings(), policy.ControllerRoleBindings()...) {
		doc.ClusterRoleBindings = append(doc.ClusterRoleBindings,
			binding{Name: b.Name, Role: b.RoleRef.Name, Subjects: subjects(b.Subjects)})
	}
	roles := policy.NamespaceRoles()
	for _, ns := range sortedKeys(roles) {
		for _, r := range roles[ns] {
			doc.Roles = append(doc.Roles, role{Name: r.Name, Namespace: ns, Rules: rules(r.Rules)})
		}
	}
	bindings := policy.NamespaceRoleBindings()
	for _, ns := range sortedKeys(bindings) {
		for _, b := range bindings[ns] {
			doc.RoleBindings = append(doc.RoleBindings,
				binding{Name: b.Name, Namespace: ns, RoleKind: b.RoleRef.Kind, Role: b.RoleRef.Name, Subjects: subjects(b.Subjects)})
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(doc); err != nil {
		panic(err)
	}
}
