cat > limits.yaml <<'END'
apiVersion: v1
kind: LimitRange
metadata:
  name: defaults
spec:
  limits:
  - type: Container
    defaultRequest:
      memory: 32Mi
END
kubectl apply -f limits.yaml
kubectl run plain --image=podlab.dev/toolbox:v1
